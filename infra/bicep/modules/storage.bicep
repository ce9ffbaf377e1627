// The account that holds all state: pictures, models, pointers, the catalog, and the queues between the functions.
param name string
param location string
param tags object
param sku string
@description('Days for which a deleted or overwritten blob can be brought back.')
param restoreDays int
@description('Days after which a stored prediction is deleted here where the upkeep function has not done it.')
param predictionDays int
@description('Days after which the result of a camera picture is deleted.')
param resultDays int
@description('Days after which what cameras uploaded is deleted.')
param uploadDays int
param publicAccess bool

var containers = [
  'uploads'
  'frames'
  'images'
  'models'
  'published'
  'predictions'
  'results'
  'exports'
  'deadletters'
]
var tables = ['catalog', 'predictions', 'results']
var queues = ['frames', 'frames-poison', 'upkeep', 'upkeep-poison']

// Versioning is for the whole account. Only of these the versions are worth keeping; of the rest they end in a day.
var versioned = ['models/', 'published/']
var unversioned = ['uploads/', 'frames/', 'images/', 'predictions/', 'results/', 'exports/', 'deadletters/']

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: name
  location: location
  tags: tags
  sku: { name: sku }
  kind: 'StorageV2'
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: publicAccess ? 'Enabled' : 'Disabled'
    networkAcls: {
      // Event Grid writes dead letters as a trusted service, whatever the rest of the network may do.
      bypass: 'AzureServices'
      defaultAction: publicAccess ? 'Allow' : 'Deny'
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' = {
  parent: account
  name: 'default'
  properties: {
    isVersioningEnabled: true
    deleteRetentionPolicy: { enabled: true, days: restoreDays }
    containerDeleteRetentionPolicy: { enabled: true, days: restoreDays }
  }

  resource container 'containers' = [for container in containers: {
    name: container
    properties: { publicAccess: 'None' }
  }]
}

resource tableService 'Microsoft.Storage/storageAccounts/tableServices@2025-06-01' = {
  parent: account
  name: 'default'

  resource table 'tables' = [for table in tables: {
    name: table
  }]
}

resource queueService 'Microsoft.Storage/storageAccounts/queueServices@2025-06-01' = {
  parent: account
  name: 'default'

  resource queue 'queues' = [for queue in queues: {
    name: queue
  }]
}

resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2025-06-01' = {
  parent: account
  name: 'default'
  dependsOn: [blobs]
  properties: {
    policy: {
      rules: [
        // A day after upkeep has done the same: these rules catch what it missed.
        { name: 'frames', enabled: true, type: 'Lifecycle', definition: {
          filters: { blobTypes: ['blockBlob'], prefixMatch: ['frames/'] }
          actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: 8 } } }
        } }
        { name: 'predictions', enabled: true, type: 'Lifecycle', definition: {
          filters: { blobTypes: ['blockBlob'], prefixMatch: ['predictions/'] }
          actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: predictionDays + 2 } } }
        } }
        { name: 'results', enabled: true, type: 'Lifecycle', definition: {
          filters: { blobTypes: ['blockBlob'], prefixMatch: ['results/'] }
          actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: resultDays } } }
        } }
        { name: 'uploads', enabled: true, type: 'Lifecycle', definition: {
          filters: { blobTypes: ['blockBlob'], prefixMatch: ['uploads/'] }
          actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: uploadDays } } }
        } }
        // A package belongs to its iteration and stays for as long; it is read seldom.
        { name: 'exports', enabled: true, type: 'Lifecycle', definition: {
          filters: { blobTypes: ['blockBlob'], prefixMatch: ['exports/'] }
          actions: { baseBlob: { tierToCool: { daysAfterModificationGreaterThan: 30 } } }
        } }
        { name: 'versions', enabled: true, type: 'Lifecycle', definition: {
          filters: { blobTypes: ['blockBlob'], prefixMatch: versioned }
          actions: { version: { delete: { daysAfterCreationGreaterThan: restoreDays } } }
        } }
        { name: 'versions-of-the-rest', enabled: true, type: 'Lifecycle', definition: {
          filters: { blobTypes: ['blockBlob'], prefixMatch: unversioned }
          actions: { version: { delete: { daysAfterCreationGreaterThan: 1 } } }
        } }
      ]
    }
  }
}

output name string = account.name
output id string = account.id
output queueEndpoint string = account.properties.primaryEndpoints.queue
