// The job and the environment that it runs in. Who starts it says by JOB_... what it is to do, which
// shared/models/messages/jobs.py lists. It costs nothing while it does nothing.
param name string
param environmentName string
param location string
param tags object
param identity { id: string, clientId: string, principalId: string }
param starterPrincipalId string
param registryServer string
param image string
@description('A workload profile with a GPU, such as Consumption-GPU-NC8as-T4; none trains on CPUs.')
param gpuProfile string
@description('Seconds after which a training that still runs is ended.')
param timeoutSeconds int
param settings object
param subnetId string
param workspaceId string

var jobsOperator = 'b9a307c4-5aa3-4b52-ba60-2b17c136cd7b' // Container Apps Jobs Operator
var onGpu = !empty(gpuProfile)
var gpuProfiles = onGpu ? [{ name: 'gpu', workloadProfileType: gpuProfile }] : []

resource managedEnvironment 'Microsoft.App/managedEnvironments@2025-07-01' = {
  name: environmentName
  location: location
  tags: tags
  properties: {
    // To the workspace through diagnostic settings: that needs no key of the workspace.
    appLogsConfiguration: { destination: 'azure-monitor' }
    publicNetworkAccess: empty(subnetId) ? 'Enabled' : 'Disabled'
    vnetConfiguration: empty(subnetId) ? null : { infrastructureSubnetId: subnetId, internal: true }
    workloadProfiles: concat([{ name: 'Consumption', workloadProfileType: 'Consumption' }], gpuProfiles)
  }
}

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: managedEnvironment
  name: 'logs'
  properties: {
    workspaceId: workspaceId
    logs: [
      { category: 'ContainerAppConsoleLogs', enabled: true }
      { category: 'ContainerAppSystemLogs', enabled: true }
    ]
  }
}

resource job 'Microsoft.App/jobs@2025-07-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'job' })
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identity.id}': {} }
  }
  properties: {
    environmentId: managedEnvironment.id
    workloadProfileName: onGpu ? 'gpu' : 'Consumption'
    configuration: {
      triggerType: 'Manual'
      manualTriggerConfig: { parallelism: 1, replicaCompletionCount: 1 }
      // The watch over trainings starts a job that died again, and knows when to give up.
      replicaRetryLimit: 0
      replicaTimeout: timeoutSeconds
      registries: [{ server: registryServer, identity: identity.id }]
    }
    template: {
      containers: [
        {
          name: 'training'
          image: image
          resources: {
            // All that a replica of the profile may have: training is the only tenant.
            cpu: onGpu ? 8 : 4
            memory: onGpu ? '56Gi' : '8Gi'
          }
          env: map(items(settings), each => { name: each.key, value: each.value })
        }
      ]
    }
  }
}

resource starter 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: job
  name: guid(job.id, starterPrincipalId, jobsOperator)
  properties: {
    principalId: starterPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', jobsOperator)
  }
}

output id string = job.id
output name string = job.name
