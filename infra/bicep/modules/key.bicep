// One API key: made at random on the first deployment, never touched by later ones, and read by one identity.
param vaultName string
param name string
param readerPrincipalId string

@secure()
@description('Two random halves, new on each deployment and used on the first.')
param left string = newGuid()
@secure()
param right string = newGuid()

var secretsUser = '4633458b-17de-408a-b874-0445c86b69e6' // Key Vault Secrets User

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' existing = {
  name: vaultName
}

// Later deployments leave the key alone, so that one that was rotated stays.
@onlyIfNotExists()
resource key 'Microsoft.KeyVault/vaults/secrets@2024-11-01' = {
  parent: vault
  name: name
  properties: {
    contentType: 'text/plain'
    value: replace('${left}${right}', '-', '')
  }
}

resource reader 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: key
  name: guid(key.id, readerPrincipalId, secretsUser)
  properties: {
    principalId: readerPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', secretsUser)
  }
}
