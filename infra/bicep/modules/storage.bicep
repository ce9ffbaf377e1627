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
@description('Days for which nobody, and no identity of ours, can change or delete a record of the audit trail.')
param auditDays int
param publicAccess bool

var containers = [
  'uploads'
  // For batches: what lies here tells no camera.
  'archives'
  'frames'
  'catalog'
  'images'
  'models'
  'published'
  'predictions'
  'results'
  'exports'
  'deadletters'
  'audit'
  'batches'
]
var tables = ['catalog', 'predictions', 'results']
var queues = [
  'frames'
  'frames-poison'
  'batches'
  'batches-poison'
  'events'
  'events-poison'
  'work'
  'work-poison'
  // Tasks that may wait; and those of before there were several queues, which are moved.
  'upkeep'
  'upkeep-poison'
]

// Versioning is for the whole account. Only of these the versions are worth keeping; of the rest they end in a day.
var versioned = ['models/', 'published/', 'audit/']
var unversioned = ['uploads/', 'archives/', 'frames/', 'catalog/', 'images/', 'predictions/', 'results/', 'exports/', 'deadletters/', 'batches/']

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
}

resource container 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = [for each in containers: {
  parent: blobs
  name: each
  properties: { publicAccess: 'None' }
}]

// Records can be added and nothing else. A person with rights on the account may still lift the policy.
resource appendOnly 'Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies@2025-06-01' = {
  parent: container[indexOf(containers, 'audit')]
  name: 'default'
  properties: {
    immutabilityPeriodSinceCreationInDays: auditDays
    allowProtectedAppendWrites: true
  }
}

resource tableService 'Microsoft.Storage/storageAccounts/tableServices@2025-06-01' = {
  parent: account
  name: 'default'

  resource table 'tables' = [for each in tables: {
    name: each
  }]
}

resource queueService 'Microsoft.Storage/storageAccounts/queueServices@2025-06-01' = {
  parent: account
  name: 'default'

  resource queue 'queues' = [for each in queues: {
    name: each
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
        { name: 'audit', enabled: true, type: 'Lifecycle', definition: {
          filters: { blobTypes: ['appendBlob'], prefixMatch: ['audit/'] }
          actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: auditDays + 1 } } }
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
