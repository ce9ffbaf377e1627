// Ocellus in one resource group: names, and what goes with what. docs/deploy.md tells how to deploy it.
targetScope = 'subscription'

@minLength(1)
@maxLength(40)
@description('Name of this installation: its resource group is rg-{name}.')
param environmentName string
@description('A region with Flex Consumption and Container Apps.')
param location string

@description('False before the first deployment of the camera app, then true; azure.yaml sees to it.')
param cameraDeployed bool = false
@description('Image of the training job; before the first build one that starts and ends.')
param jobImage string = 'mcr.microsoft.com/k8se/quickstart-jobs:latest'
@description('The setting LIMITS, see docs/custom-vision.md.')
param limits string = '{}'
@description('Whether callers may use the four keys; where not, they need a token of Entra ID.')
param allowKeys bool = true
@description('The tenant whose tokens are taken beside keys; empty for none.')
param entraTenantId string = ''
@description('The app registration that tokens must be meant for.')
param entraAudience string = ''
@description('The app registration by which people sign in to the portal; empty for keys alone.')
param portalClientId string = ''
@description('The origins of the pages that may call from a browser, such as https://shop.example; [\'*\'] for all.')
param corsOrigins array = []
@description('What advanced training of detectors fine-tunes, see shared/settings.py; empty for our own light one.')
param largeDetector string = ''
@description('Backbones of a hub that advanced training of classifiers tries, see shared/settings.py; empty for none.')
param largeClassifier string = ''
@description('Whether the compact domains alone can be exported, as in Custom Vision.')
param exportCompactOnly bool = false
@description('Whether a copy of each camera picture is kept with its boxes drawn.')
param cameraDrawBoxes bool = false
@description('The containers of the data account whose pictures batches may predict; others than these two need a right, see docs/security.md.')
param batchContainers array = ['archives', 'uploads']

@description('Replication of the state: Standard_LRS, Standard_ZRS, Standard_GZRS.')
param storageSku string = 'Standard_LRS'
@description('Days for which deleted blobs and containers can be brought back.')
@minValue(1)
@maxValue(365)
param restoreDays int = 7
@description('Days after which what cameras uploaded is deleted.')
param uploadDays int = 30
@description('Days after which the results of camera pictures are deleted.')
param resultDays int = 365
@description('Days for which the audit trail can be added to, but not changed.')
param auditDays int = 365
@description('Whether every project is copied to an account of its own each night.')
param backUp bool = false
@description('Where that account lies; another region than that of the state outlives it.')
param backupLocation string = location
@description('Days for which a copy is kept; the last of a project stays.')
@minValue(1)
param backupDays int = 30
@description('Keeps a deleted vault for 90 days; can never be turned off again.')
param purgeProtection bool = false

@description('Memory of an instance of the training app: 2048 has one core, 4096 two.')
param trainingMemoryMB int = 2048
@description('Instances of the prediction app that are never stopped.')
param predictionAlwaysReady int = 0
@description('The most instances of each function group: of an app\'s HTTP functions together, and of each other function.')
@minValue(1)
@maxValue(1000)
param maximumInstances int = 10
@description('A workload profile with a GPU for training, such as Consumption-GPU-NC8as-T4; empty for CPUs.')
param gpuProfile string = ''
@description('Seconds after which a training that still runs is ended.')
param trainingTimeoutSeconds int = 86400

@description('Whether everything but the camera app, which Event Grid calls, is reached through a private network only.')
param privateNetworking bool = false
param networkPrefix string = '10.80.0.0/22'

@description('Who is mailed by alerts and the budget; with nobody there are neither.')
param alertEmails array = []
@description('In the currency of the subscription; 0 is without a budget, as is an empty budgetStart.')
param monthlyBudget int = 0
@description('The first of the month that the budget begins with, such as 2026-12-01. Azure lets nobody change it later.')
param budgetStart string = ''
param logDays int = 30
@description('Share of the traces that is kept, 0 to 1; metrics count everything.')
param telemetryShare string = '1.0'
@description('GB of logs a day after which no more are taken; -1 is without end.')
param logQuotaGb int = -1
@description('Share of predictions that may fail on our side before somebody is told.')
param alertErrorRate string = '0.02'
@description('Milliseconds at the 95th percentile of predictions above which somebody is told.')
param alertLatencyMs int = 2000
@description('Change of a published name\'s mean confidence, of 1, at which somebody is told.')
param alertConfidenceDrift string = '0.15'

var token = toLower(uniqueString(subscription().id, environmentName, location))
var tags = { 'azd-env-name': environmentName, application: 'ocellus' }
var publicAccess = !privateNetworking
// Every app finds storage by name and is itself by the client id of its identity.
var shared = { STORAGE_ACCOUNT: storage.outputs.name, LIMITS: limits, TELEMETRY_SHARE: telemetryShare }
var callers = {
  KEY_VAULT_URL: vault.outputs.uri
  ALLOW_KEYS: allowKeys ? 'true' : 'false'
  ENTRA_TENANT_ID: entraTenantId
  ENTRA_AUDIENCE: entraAudience
  CORS_ORIGINS: join(corsOrigins, ',')
}
// The queues of the data account, for the triggers of the Functions host.
var queues = {
  STORAGE_CONNECTION_STRING__queueServiceUri: storage.outputs.queueEndpoint
  STORAGE_CONNECTION_STRING__credential: 'managedidentity'
}

resource group 'Microsoft.Resources/resourceGroups@2024-11-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module trainingIdentity 'modules/identity.bicep' = {
  scope: group
  name: 'training-identity'
  params: { name: 'id-training-${token}', location: location, tags: tags }
}

module predictionIdentity 'modules/identity.bicep' = {
  scope: group
  name: 'prediction-identity'
  params: { name: 'id-prediction-${token}', location: location, tags: tags }
}

module cameraIdentity 'modules/identity.bicep' = {
  scope: group
  name: 'camera-identity'
  params: { name: 'id-camera-${token}', location: location, tags: tags }
}

module jobIdentity 'modules/identity.bicep' = {
  scope: group
  name: 'job-identity'
  params: { name: 'id-job-${token}', location: location, tags: tags }
}

module network 'modules/network.bicep' = if (privateNetworking) {
  scope: group
  name: 'network'
  params: { name: 'vnet-${token}', location: location, tags: tags, addressPrefix: networkPrefix }
}

module monitoring 'modules/monitoring.bicep' = {
  scope: group
  name: 'monitoring'
  params: {
    workspaceName: 'log-${token}'
    insightsName: 'appi-${token}'
    location: location
    tags: tags
    retentionDays: logDays
    dailyQuotaGb: logQuotaGb
    writerPrincipalIds: [
      trainingIdentity.outputs.identity.principalId
      predictionIdentity.outputs.identity.principalId
      cameraIdentity.outputs.identity.principalId
      jobIdentity.outputs.identity.principalId
    ]
  }
}

module storage 'modules/storage.bicep' = {
  scope: group
  name: 'storage'
  params: {
    name: 'st${token}'
    location: location
    tags: tags
    sku: storageSku
    restoreDays: restoreDays
    predictionDays: json(limits).?predictionRetentionDays ?? 30
    resultDays: resultDays
    uploadDays: uploadDays
    auditDays: auditDays
    publicAccess: publicAccess
  }
}

module rights 'modules/rights.bicep' = {
  scope: group
  name: 'rights'
  params: {
    accountName: storage.outputs.name
    principals: {
      training: trainingIdentity.outputs.identity.principalId
      prediction: predictionIdentity.outputs.identity.principalId
      camera: cameraIdentity.outputs.identity.principalId
      job: jobIdentity.outputs.identity.principalId
    }
  }
}

module backups 'modules/backups.bicep' = {
  scope: group
  name: 'backups'
  params: {
    name: 'stbak${token}'
    location: backupLocation
    tags: tags
    restoreDays: restoreDays
    publicAccess: publicAccess
    writerPrincipalId: trainingIdentity.outputs.identity.principalId
  }
}

module vault 'modules/vault.bicep' = {
  scope: group
  name: 'vault'
  params: {
    name: 'kv-${token}'
    location: location
    tags: tags
    purgeProtection: purgeProtection
    publicAccess: publicAccess
    workspaceId: monitoring.outputs.workspaceId
  }
}

module trainingKeys 'modules/key.bicep' = [for number in [1, 2]: {
  scope: group
  name: 'training-key-${number}'
  params: {
    vaultName: vault.outputs.name
    name: 'training-key-${number}'
    readerPrincipalId: trainingIdentity.outputs.identity.principalId
  }
}]

module predictionKeys 'modules/key.bicep' = [for number in [1, 2]: {
  scope: group
  name: 'prediction-key-${number}'
  params: {
    vaultName: vault.outputs.name
    name: 'prediction-key-${number}'
    readerPrincipalId: predictionIdentity.outputs.identity.principalId
  }
}]

module topic 'modules/topic.bicep' = {
  scope: group
  name: 'topic'
  params: {
    name: 'evgt-${token}'
    location: location
    tags: tags
    publicAccess: publicAccess
    senderPrincipalIds: [trainingIdentity.outputs.identity.principalId, cameraIdentity.outputs.identity.principalId]
  }
}

module registry 'modules/registry.bicep' = {
  scope: group
  name: 'registry'
  params: {
    name: 'cr${token}'
    location: location
    tags: tags
    publicAccess: publicAccess
    pullerPrincipalId: jobIdentity.outputs.identity.principalId
  }
}

module job 'modules/training-job.bicep' = {
  scope: group
  name: 'training-job'
  params: {
    name: 'caj-${token}'
    environmentName: 'cae-${token}'
    location: location
    tags: tags
    identity: jobIdentity.outputs.identity
    starterPrincipalId: trainingIdentity.outputs.identity.principalId
    registryServer: registry.outputs.loginServer
    image: jobImage
    gpuProfile: gpuProfile
    timeoutSeconds: trainingTimeoutSeconds
    settings: {
      STORAGE_ACCOUNT: storage.outputs.name
      IDENTITY_CLIENT_ID: jobIdentity.outputs.identity.clientId
      APPLICATIONINSIGHTS_CONNECTION_STRING: monitoring.outputs.connectionString
      TELEMETRY_SHARE: telemetryShare
      LARGE_DETECTOR: largeDetector
      LARGE_CLASSIFIER: largeClassifier
      APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${jobIdentity.outputs.identity.clientId};Authorization=AAD'
    }
    subnetId: privateNetworking ? network!.outputs.subnets.job : ''
    workspaceId: monitoring.outputs.workspaceId
  }
  dependsOn: [rights]
}

module training 'modules/function-app.bicep' = {
  scope: group
  name: 'training'
  params: {
    service: 'training'
    name: 'func-training-${token}'
    planName: 'plan-training-${token}'
    hostAccountName: 'sttrn${token}'
    location: location
    tags: tags
    identity: trainingIdentity.outputs.identity
    instanceMemoryMB: trainingMemoryMB
    maximumInstances: maximumInstances
    // 4 at 2 GB, 8 at 4 GB: the host takes bodies of 100 MiB, and each is in memory up to three times.
    httpConcurrency: trainingMemoryMB / 512
    alwaysReady: 0
    publicAccess: publicAccess
    subnetId: privateNetworking ? network!.outputs.subnets.training : ''
    insightsConnectionString: monitoring.outputs.connectionString
    corsOrigins: corsOrigins
    settings: union(shared, queues, callers, {
      SERVICES: 'training'
      IDENTITY_CLIENT_ID: trainingIdentity.outputs.identity.clientId
      STORAGE_CONNECTION_STRING__clientId: trainingIdentity.outputs.identity.clientId
      EVENT_TOPIC_ENDPOINT: topic.outputs.endpoint
      PORTAL_CLIENT_ID: portalClientId
      EXPORT_COMPACT_ONLY: exportCompactOnly ? 'true' : 'false'
      BACKUP_TO: backUp ? backups.outputs.address : ''
      BACKUP_DAYS: string(backupDays)
      BATCH_CONTAINERS: join(batchContainers, ',')
      LAUNCHER: 'container-apps'
      CONTAINER_APPS_JOB_ID: job.outputs.id
      MODEL_MEMORY_MB: '512'
      INFERENCE_THREADS: '1'
      // A task works on its storage with threads of its own; a few at once fill the two cores.
      AzureFunctionsJobHost__extensions__queues__batchSize: '4'
      AzureFunctionsJobHost__extensions__queues__newBatchThreshold: '2'
    })
  }
  dependsOn: [rights, trainingKeys]
}

module prediction 'modules/function-app.bicep' = {
  scope: group
  name: 'prediction'
  params: {
    service: 'prediction'
    name: 'func-prediction-${token}'
    planName: 'plan-prediction-${token}'
    hostAccountName: 'stprd${token}'
    location: location
    tags: tags
    identity: predictionIdentity.outputs.identity
    // One core: a prediction is work for one thread, so cores are added as instances.
    instanceMemoryMB: 2048
    maximumInstances: maximumInstances
    // One computes while others read their body or wait for storage; more would only lengthen the queue for the core.
    httpConcurrency: 4
    alwaysReady: predictionAlwaysReady
    publicAccess: publicAccess
    subnetId: privateNetworking ? network!.outputs.subnets.prediction : ''
    insightsConnectionString: monitoring.outputs.connectionString
    corsOrigins: corsOrigins
    settings: union(shared, callers, {
      SERVICES: 'prediction'
      IDENTITY_CLIENT_ID: predictionIdentity.outputs.identity.clientId
      MODEL_MEMORY_MB: '768'
      INFERENCE_THREADS: '1'
    })
  }
  dependsOn: [rights, predictionKeys]
}

module camera 'modules/function-app.bicep' = {
  scope: group
  name: 'camera'
  params: {
    service: 'camera'
    name: 'func-camera-${token}'
    planName: 'plan-camera-${token}'
    hostAccountName: 'stcam${token}'
    location: location
    tags: tags
    identity: cameraIdentity.outputs.identity
    instanceMemoryMB: 2048
    maximumInstances: maximumInstances
    // A picture of 12 megapixels takes 40 MB decoded, and the core is what it waits for.
    httpConcurrency: 4
    alwaysReady: 0
    eventGridOnly: true
    publicAccess: publicAccess
    subnetId: privateNetworking ? network!.outputs.subnets.camera : ''
    insightsConnectionString: monitoring.outputs.connectionString
    settings: union(shared, queues, {
      SERVICES: 'camera'
      IDENTITY_CLIENT_ID: cameraIdentity.outputs.identity.clientId
      STORAGE_CONNECTION_STRING__clientId: cameraIdentity.outputs.identity.clientId
      EVENT_TOPIC_ENDPOINT: topic.outputs.endpoint
      CAMERA_DRAW_BOXES: cameraDrawBoxes ? 'true' : 'false'
      BATCH_CONTAINERS: join(batchContainers, ',')
      MODEL_MEMORY_MB: '768'
      INFERENCE_THREADS: '1'
      // Few at once on one core: a frame that waits in the queue can go to another instance, one in a batch can't.
      AzureFunctionsJobHost__extensions__queues__batchSize: '4'
      AzureFunctionsJobHost__extensions__queues__newBatchThreshold: '2'
    })
  }
  dependsOn: [rights]
}

module uploads 'modules/uploads.bicep' = {
  scope: group
  name: 'uploads'
  params: {
    name: 'egst-${token}'
    location: location
    tags: tags
    accountName: storage.outputs.name
    cameraAppId: camera.outputs.id
    subscribe: cameraDeployed
  }
}

module alerts 'modules/alerts.bicep' = if (!empty(alertEmails)) {
  scope: group
  name: 'alerts'
  params: {
    name: token
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    emails: alertEmails
    errorRate: alertErrorRate
    latencyMs: alertLatencyMs
    confidenceDrift: alertConfidenceDrift
  }
}

module budget 'modules/budget.bicep' = if (monthlyBudget > 0 && !empty(alertEmails) && !empty(budgetStart)) {
  scope: group
  name: 'budget'
  params: { name: 'budget-${token}', amount: monthlyBudget, start: budgetStart, emails: alertEmails }
}

module endpoints 'modules/private-endpoints.bicep' = if (privateNetworking) {
  scope: group
  name: 'private-endpoints'
  params: {
    location: location
    tags: tags
    networkId: network!.outputs.id
    subnetId: network!.outputs.subnets.endpoints
    targets: [
      { name: 'blob', id: storage.outputs.id, group: 'blob' }
      { name: 'training-host', id: training.outputs.hostAccountId, group: 'blob' }
      { name: 'vault', id: vault.outputs.id, group: 'vault' }

      { name: 'table', id: storage.outputs.id, group: 'table' }
      { name: 'prediction-host', id: prediction.outputs.hostAccountId, group: 'blob' }
      { name: 'registry', id: registry.outputs.id, group: 'registry' }

      { name: 'queue', id: storage.outputs.id, group: 'queue' }
      { name: 'camera-host', id: camera.outputs.hostAccountId, group: 'blob' }
      { name: 'topic', id: topic.outputs.id, group: 'topic' }

      { name: 'training-host-table', id: training.outputs.hostAccountId, group: 'table' }
      { name: 'prediction-host-table', id: prediction.outputs.hostAccountId, group: 'table' }
      { name: 'camera-host-table', id: camera.outputs.hostAccountId, group: 'table' }

      { name: 'training', id: training.outputs.id, group: 'sites' }
      { name: 'prediction', id: prediction.outputs.id, group: 'sites' }
      // For deployments: Event Grid calls the public address.
      { name: 'camera', id: camera.outputs.id, group: 'sites' }

      { name: 'backups', id: backups.outputs.id, group: 'blob' }
    ]
  }
}

// Addresses and names only, under the names that azd and docs/deploy.md use.
output AZURE_RESOURCE_GROUP string = group.name
output AZURE_CONTAINER_REGISTRY_ENDPOINT string = registry.outputs.loginServer
output AZURE_CONTAINER_REGISTRY_NAME string = registry.outputs.name
output OCELLUS_TRAINING_APP string = training.outputs.name
output OCELLUS_TRAINING_ENDPOINT string = training.outputs.endpoint
output OCELLUS_PREDICTION_APP string = prediction.outputs.name
output OCELLUS_PREDICTION_ENDPOINT string = prediction.outputs.endpoint
output OCELLUS_CAMERA_APP string = camera.outputs.name
output OCELLUS_JOB string = job.outputs.name
output STORAGE_ACCOUNT string = storage.outputs.name
output OCELLUS_BACKUPS string = backups.outputs.address
output KEY_VAULT_URL string = vault.outputs.uri
output EVENT_TOPIC_ENDPOINT string = topic.outputs.endpoint
