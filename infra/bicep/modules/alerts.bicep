// What wakes somebody.
param name string
param location string
param tags object
param workspaceId string
param emails array
@description('Share of predictions that may fail on our side within a quarter of an hour.')
param errorRate string
@description('Milliseconds within which 95 of 100 predictions are answered.')
param latencyMs int
@description('By how much the mean confidence of a published name may leave that of the two days before, of 1.')
param confidenceDrift string

var rules = [
  {
    name: 'prediction-errors'
    severity: 1
    window: 'PT15M'
    frequency: 'PT5M'
    range: 'PT15M'
    description: 'Too many predictions fail on our side.'
    query: '''
      AppRequests
      | where Name startswith "prediction_"
      | summarize failed = countif(toint(ResultCode) >= 500), all = count()
      | where all >= 20 and todouble(failed) / all > {0}
    '''
    value: errorRate
  }
  {
    name: 'prediction-latency'
    severity: 2
    window: 'PT15M'
    frequency: 'PT5M'
    range: 'PT15M'
    description: 'Predictions take too long at the 95th percentile.'
    query: '''
      AppRequests
      | where Name startswith "prediction_"
      | summarize p95 = percentile(DurationMs, 95), all = count()
      | where all >= 20 and p95 > {0}
    '''
    value: string(latencyMs)
  }
  {
    name: 'poison-messages'
    severity: 2
    window: 'PT15M'
    frequency: 'PT5M'
    range: 'PT15M'
    description: 'A camera picture or a background task failed on every attempt.'
    query: '''
      AppMetrics
      | where Name == "ocellus.poison_messages" and Sum > 0
    '''
    value: ''
  }
  {
    name: 'failed-trainings'
    severity: 3
    window: 'PT15M'
    frequency: 'PT5M'
    range: 'PT15M'
    description: 'A training failed; its iteration says why.'
    query: '''
      AppMetrics
      | where Name == "ocellus.trainings" and Sum > 0 and tostring(Properties["ocellus.outcome"]) != "OK"
    '''
    value: ''
  }
  {
    name: 'confidence-drift'
    severity: 3
    window: 'PT6H'
    frequency: 'PT1H'
    range: 'P2D'
    description: 'A model is surer or less sure of its pictures than in the two days before: they may have changed.'
    query: '''
      AppMetrics
      | where Name == "ocellus.prediction.confidence"
      | extend model = strcat(Properties["ocellus.project_id"], "/", Properties["ocellus.published_name"])
      | extend recent = TimeGenerated > ago(6h)
      | summarize total = sum(Sum), pictures = sum(ItemCount) by model, recent
      | summarize now = sumif(total / pictures, recent), before = sumif(total / pictures, not(recent)),
          fewest = min(pictures), periods = count() by model
      | where periods == 2 and fewest >= 100 and abs(now - before) > {0}
    '''
    value: confidenceDrift
  }
]

resource group 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'ag-${name}'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'ocellus'
    enabled: true
    emailReceivers: [for (email, i) in emails: { name: 'mail-${i}', emailAddress: email, useCommonAlertSchema: true }]
  }
}

resource alert 'Microsoft.Insights/scheduledQueryRules@2022-06-15' = [for rule in rules: {
  name: '${rule.name}-${name}'
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: rule.name
    description: rule.description
    severity: rule.severity
    enabled: true
    scopes: [workspaceId]
    evaluationFrequency: rule.frequency
    windowSize: rule.window
    overrideQueryTimeRange: rule.range == rule.window ? null : rule.range
    // Tables come into being with their first rows.
    skipQueryValidation: true
    autoMitigate: true
    criteria: {
      allOf: [
        {
          query: replace(rule.query, '{0}', rule.value)
          timeAggregation: 'Count'
          operator: 'GreaterThan'
          threshold: 0
          failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
        }
      ]
    }
    actions: { actionGroups: [group.id] }
  }
}]
