// One user-assigned identity. It outlives what uses it, so rights are given before the first start.
param name string
param location string
param tags object

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags
}

output identity { id: string, clientId: string, principalId: string } = {
  id: identity.id
  clientId: identity.properties.clientId
  principalId: identity.properties.principalId
}
