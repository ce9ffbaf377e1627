// One Function app on Flex Consumption, with a storage account of its own for the Functions host.
// The host needs wide rights on its account (locks, function keys, the package); here they reach no data and no other app.
param service string
param name string
param planName string
param hostAccountName string
param location string
param tags object
param identity { id: string, clientId: string, principalId: string }
@description('App settings of this service, beside those that the host needs.')
param settings object
@description('512, 2048 or 4096: a quarter of a core, one core, two cores.')
param instanceMemoryMB int
@description('The most instances of each function group: the HTTP functions together, each other function by itself.')
param maximumInstances int
@description('Requests that one instance answers side by side before another is started.')
param httpConcurrency int
@description('Instances for HTTP that are never stopped; 0 is cheapest and starts cold.')
param alwaysReady int
@description('Whether only Event Grid may call the app.')
param eventGridOnly bool = false
@description('The origins of the pages that may call it from a browser.')
param corsOrigins array = []
param publicAccess bool
param subnetId string
param insightsConnectionString string

var package = 'package'
var owner = 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b' // Storage Blob Data Owner
var tableContributor = '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3' // Storage Table Data Contributor
var onlyEventGrid = [
  { name: 'EventGrid', priority: 100, action: 'Allow', tag: 'ServiceTag', ipAddress: 'AzureEventGrid' }
]
var hostSettings = {
  AzureWebJobsStorage__accountName: hostAccount.name
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identity.clientId
  APPLICATIONINSIGHTS_CONNECTION_STRING: insightsConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identity.clientId};Authorization=AAD'
  // Handlers are plain functions in threads: with fewer of them requests, or the 6 messages that a queue's function gets
  // at once, would wait inside a busy instance.
  PYTHON_THREADPOOL_THREAD_COUNT: string(max(httpConcurrency, 6))
}

resource hostAccount 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: hostAccountName
  location: location
  tags: tags
  sku: { name: 'Standard_LRS' }
  kind: 'StorageV2'
  properties: {
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: publicAccess ? 'Enabled' : 'Disabled'
    networkAcls: {
      bypass: 'AzureServices'
      defaultAction: publicAccess ? 'Allow' : 'Deny'
    }
  }

  resource blobs 'blobServices' = {
    name: 'default'

    resource packages 'containers' = {
      name: package
      properties: { publicAccess: 'None' }
    }
  }
}

resource hostBlobs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: hostAccount
  name: guid(hostAccount.id, identity.principalId, owner)
  properties: {
    principalId: identity.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', owner)
  }
}

resource hostTables 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: hostAccount
  name: guid(hostAccount.id, identity.principalId, tableContributor)
  properties: {
    principalId: identity.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', tableContributor)
  }
}

resource plan 'Microsoft.Web/serverfarms@2024-11-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { tier: 'FlexConsumption', name: 'FC1' }
  properties: { reserved: true }
}

resource app 'Microsoft.Web/sites@2024-11-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': service })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identity.id}': {} }
  }
  dependsOn: [hostBlobs, hostTables, hostAccount::blobs::packages]
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    publicNetworkAccess: publicAccess || eventGridOnly ? 'Enabled' : 'Disabled'
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${hostAccount.properties.primaryEndpoints.blob}${package}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identity.id
          }
        }
      }
      // 3.12 is tested as well: to move, change it here, and the image of training_job/Dockerfile.
      runtime: { name: 'python', version: '3.11' }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstances
        alwaysReady: alwaysReady > 0 ? [{ name: 'http', instanceCount: alwaysReady }] : []
        triggers: { http: { perInstanceConcurrency: httpConcurrency } }
      }
      // RollingUpdate is a preview that Azure doesn't recommend for production, and an app of one instance has the pause
      // of a restart under it as well.
      siteUpdateStrategy: { type: 'Recreate' }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      http20Enabled: true
      // The host answers what browsers ask before a request; all else is by CORS_ORIGINS.
      cors: { allowedOrigins: corsOrigins }
      ipSecurityRestrictions: eventGridOnly ? onlyEventGrid : []
      ipSecurityRestrictionsDefaultAction: eventGridOnly ? 'Deny' : 'Allow'
      // Deployments go to an endpoint of its own, which Entra ID guards. Rules are not of what comes by private endpoints.
      scmIpSecurityRestrictionsUseMain: false
      scmIpSecurityRestrictionsDefaultAction: publicAccess ? 'Allow' : 'Deny'
    }
  }

  resource appSettings 'config' = {
    name: 'appsettings'
    properties: union(hostSettings, settings)
  }

  resource scmPassword 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }

  resource ftpPassword 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }
}

output id string = app.id
output name string = app.name
output hostAccountId string = hostAccount.id
output endpoint string = 'https://${app.properties.defaultHostName}'
