// Where the training job's image lies.
param name string
param location string
param tags object
param publicAccess bool
param pullerPrincipalId string

var acrPull = '7f951dda-4ed3-4680-a7ca-43fe172d538d' // AcrPull

resource registry 'Microsoft.ContainerRegistry/registries@2025-11-01' = {
  name: name
  location: location
  tags: tags
  // Private endpoints need Premium, at ten times the price.
  sku: { name: publicAccess ? 'Basic' : 'Premium' }
  properties: {
    adminUserEnabled: false
    publicNetworkAccess: publicAccess ? 'Enabled' : 'Disabled'
  }
}

resource puller 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: registry
  name: guid(registry.id, pullerPrincipalId, acrPull)
  properties: {
    principalId: pullerPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', acrPull)
  }
}

output id string = registry.id
output name string = registry.name
output loginServer string = registry.properties.loginServer
