// Who may do what with the state: each right on one container, one table or one queue.
// docs/security.md shows the same table beside the calls that need it; tests/infra compares the two, and the code.
param accountName string
@description('Principal ids by identity: training, prediction, camera, job.')
param principals object

var roles = {
  blobReader: '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1' // Storage Blob Data Reader
  blobContributor: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe' // Storage Blob Data Contributor
  blobDelegator: 'db58b8e5-c6ad-4a2a-8342-4190687cbf4a' // Storage Blob Delegator
  tableContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3' // Storage Table Data Contributor
  queueContributor: '974c5e8b-45b9-4653-ba55-5f855dd0fb88' // Storage Queue Data Contributor
  queueSender: 'c6a89b2d-59bc-44d0-9896-0f6e12d7b80a' // Storage Queue Data Message Sender
}

var containerRights = [
  { identity: 'training', role: 'blobContributor', name: 'catalog' }
  { identity: 'training', role: 'blobContributor', name: 'images' }
  { identity: 'training', role: 'blobContributor', name: 'models' }
  { identity: 'training', role: 'blobContributor', name: 'published' }
  { identity: 'training', role: 'blobContributor', name: 'predictions' }
  { identity: 'training', role: 'blobContributor', name: 'exports' }
  { identity: 'training', role: 'blobContributor', name: 'frames' }
  { identity: 'training', role: 'blobContributor', name: 'audit' }
  { identity: 'training', role: 'blobContributor', name: 'batches' }
  { identity: 'prediction', role: 'blobReader', name: 'published' }
  { identity: 'prediction', role: 'blobReader', name: 'models' }
  { identity: 'prediction', role: 'blobContributor', name: 'predictions' }
  { identity: 'prediction', role: 'blobContributor', name: 'audit' }
  { identity: 'camera', role: 'blobReader', name: 'uploads' }
  { identity: 'camera', role: 'blobReader', name: 'archives' }
  { identity: 'camera', role: 'blobReader', name: 'published' }
  { identity: 'camera', role: 'blobReader', name: 'models' }
  { identity: 'camera', role: 'blobContributor', name: 'frames' }
  { identity: 'camera', role: 'blobContributor', name: 'results' }
  { identity: 'camera', role: 'blobContributor', name: 'predictions' }
  { identity: 'camera', role: 'blobContributor', name: 'deadletters' }
  { identity: 'camera', role: 'blobContributor', name: 'batches' }
  { identity: 'job', role: 'blobReader', name: 'images' }
  { identity: 'job', role: 'blobContributor', name: 'models' }
]

var tableRights = [
  { identity: 'training', role: 'tableContributor', name: 'catalog' }
  { identity: 'training', role: 'tableContributor', name: 'predictions' }
  { identity: 'prediction', role: 'tableContributor', name: 'predictions' }
  { identity: 'camera', role: 'tableContributor', name: 'results' }
  { identity: 'camera', role: 'tableContributor', name: 'predictions' }
  { identity: 'job', role: 'tableContributor', name: 'catalog' }
]

// A queue trigger needs more than a reader and a processor: it renews its hold on a message, and moves one to poison.
var queueRights = [
  { identity: 'training', role: 'queueContributor', name: 'events' }
  { identity: 'training', role: 'queueContributor', name: 'events-poison' }
  { identity: 'training', role: 'queueContributor', name: 'work' }
  { identity: 'training', role: 'queueContributor', name: 'work-poison' }
  { identity: 'training', role: 'queueContributor', name: 'upkeep' }
  { identity: 'training', role: 'queueContributor', name: 'upkeep-poison' }
  { identity: 'training', role: 'queueSender', name: 'batches' }
  { identity: 'camera', role: 'queueContributor', name: 'frames' }
  { identity: 'camera', role: 'queueContributor', name: 'frames-poison' }
  { identity: 'camera', role: 'queueContributor', name: 'batches' }
  { identity: 'camera', role: 'queueContributor', name: 'batches-poison' }
  { identity: 'job', role: 'queueSender', name: 'events' }
]

// A key that signs addresses for others is a right on the account; what the addresses open is bounded by the signer's
// own rights on the containers.
var accountRights = [
  { identity: 'training', role: 'blobDelegator', name: 'account' }
]

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: accountName
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' existing = {
  parent: account
  name: 'default'
}

resource tables 'Microsoft.Storage/storageAccounts/tableServices@2025-06-01' existing = {
  parent: account
  name: 'default'
}

resource queues 'Microsoft.Storage/storageAccounts/queueServices@2025-06-01' existing = {
  parent: account
  name: 'default'
}

resource container 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' existing = [for right in containerRights: {
  parent: blobs
  name: right.name
}]

resource table 'Microsoft.Storage/storageAccounts/tableServices/tables@2025-06-01' existing = [for right in tableRights: {
  parent: tables
  name: right.name
}]

resource queue 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-06-01' existing = [for right in queueRights: {
  parent: queues
  name: right.name
}]

resource onContainer 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for (right, i) in containerRights: {
  scope: container[i]
  name: guid(container[i].id, principals[right.identity], roles[right.role])
  properties: {
    principalId: principals[right.identity]
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles[right.role])
  }
}]

resource onTable 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for (right, i) in tableRights: {
  scope: table[i]
  name: guid(table[i].id, principals[right.identity], roles[right.role])
  properties: {
    principalId: principals[right.identity]
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles[right.role])
  }
}]

resource onQueue 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for (right, i) in queueRights: {
  scope: queue[i]
  name: guid(queue[i].id, principals[right.identity], roles[right.role])
  properties: {
    principalId: principals[right.identity]
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles[right.role])
  }
}]

resource onAccount 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for right in accountRights: {
  scope: account
  name: guid(account.id, principals[right.identity], roles[right.role])
  properties: {
    principalId: principals[right.identity]
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles[right.role])
  }
}]
