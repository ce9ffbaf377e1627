// Where logs, traces and metrics go. Only identities may write; there is no key to leak.
param workspaceName string
param insightsName string
param location string
param tags object
param retentionDays int
@description('GB of logs a day after which no more are taken; -1 is without end.')
param dailyQuotaGb int
param writerPrincipalIds array

var metricsPublisher = '3913510d-42f4-4e42-8a64-420c390055eb' // Monitoring Metrics Publisher

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' = {
  name: workspaceName
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: retentionDays
    workspaceCapping: { dailyQuotaGb: dailyQuotaGb }
    features: { disableLocalAuth: true }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: insightsName
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    DisableLocalAuth: true
    DisableIpMasking: false
  }
}

resource writer 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for principalId in writerPrincipalIds: {
  scope: insights
  name: guid(insights.id, principalId, metricsPublisher)
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', metricsPublisher)
  }
}]

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(insights.id, 'ocellus')
  location: location
  tags: union(tags, { 'hidden-title': 'Ocellus' })
  kind: 'shared'
  properties: {
    category: 'workbook'
    displayName: 'Ocellus'
    sourceId: workspace.id
    serializedData: loadTextContent('../workbook.json')
    version: '1.0'
  }
}

output workspaceId string = workspace.id
@description('Tells where to send to. It opens nothing: local authentication is off.')
output connectionString string = insights.properties.ConnectionString
