// The account that holds copies of all projects, apart from the state: whoever loses that has these. Empty it costs
// nothing, so it is there whether a copy is made each night or not.
param name string
param location string
param tags object
@description('Days for which a deleted copy can be brought back.')
param restoreDays int
param publicAccess bool
@description('Who writes copies, and deletes those that are old.')
param writerPrincipalId string

// Storage Blob Data Contributor
var roleId = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: name
  location: location
  tags: tags
  sku: { name: 'Standard_LRS' }
  kind: 'StorageV2'
  properties: {
    accessTier: 'Cool'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: publicAccess ? 'Enabled' : 'Disabled'
    networkAcls: { bypass: 'None', defaultAction: publicAccess ? 'Allow' : 'Deny' }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' = {
  parent: account
  name: 'default'
  properties: {
    deleteRetentionPolicy: { enabled: true, days: restoreDays }
    containerDeleteRetentionPolicy: { enabled: true, days: restoreDays }
  }
}

resource container 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = {
  parent: blobs
  name: 'backups'
  properties: { publicAccess: 'None' }
}

resource writer 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: container
  name: guid(container.id, writerPrincipalId, roleId)
  properties: {
    principalId: writerPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleId)
  }
}

output id string = account.id
output address string = '${account.properties.primaryEndpoints.blob}${container.name}'
