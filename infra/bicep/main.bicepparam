// Both stages: OCELLUS_STAGE is dev or prod. azd hands its environment over; without azd, export the same names.
using 'main.bicep'

var prod = readEnvironmentVariable('OCELLUS_STAGE', 'dev') == 'prod'
var origins = readEnvironmentVariable('OCELLUS_CORS_ORIGINS', '')
var emails = readEnvironmentVariable('OCELLUS_ALERT_EMAILS', '')

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME')
param location = readEnvironmentVariable('AZURE_LOCATION')

// Known after the first deployment: azure.yaml sets the first, azd the second.
param cameraDeployed = readEnvironmentVariable('OCELLUS_CAMERA_DEPLOYED', 'false') == 'true'
param jobImage = readEnvironmentVariable('SERVICE_JOB_IMAGE_NAME', 'mcr.microsoft.com/k8se/quickstart-jobs:latest')

param limits = readEnvironmentVariable('OCELLUS_LIMITS', '{}')
param allowKeys = readEnvironmentVariable('OCELLUS_ALLOW_KEYS', 'true') == 'true'
param entraTenantId = readEnvironmentVariable('OCELLUS_ENTRA_TENANT_ID', '')
param entraAudience = readEnvironmentVariable('OCELLUS_ENTRA_AUDIENCE', '')
param portalClientId = readEnvironmentVariable('OCELLUS_PORTAL_CLIENT_ID', '')
param corsOrigins = empty(origins) ? [] : map(split(origins, ','), origin => trim(origin))
param largeDetector = readEnvironmentVariable('OCELLUS_LARGE_DETECTOR', '')
param largeClassifier = readEnvironmentVariable('OCELLUS_LARGE_CLASSIFIER', '')
param gpuProfile = readEnvironmentVariable('OCELLUS_GPU_PROFILE', '')
param privateNetworking = readEnvironmentVariable('OCELLUS_PRIVATE', 'false') == 'true'

param backUp = readEnvironmentVariable('OCELLUS_BACKUP', prod ? 'true' : 'false') == 'true'
param backupLocation = readEnvironmentVariable('OCELLUS_BACKUP_LOCATION', readEnvironmentVariable('AZURE_LOCATION'))
param backupDays = int(readEnvironmentVariable('OCELLUS_BACKUP_DAYS', '30'))

param storageSku = prod ? 'Standard_ZRS' : 'Standard_LRS'
param restoreDays = prod ? 30 : 7
param purgeProtection = prod
param trainingMemoryMB = prod ? 4096 : 2048
param predictionAlwaysReady = prod ? 1 : 0
param maximumInstances = prod ? 18 : 10
param logDays = prod ? 90 : 30
param logQuotaGb = prod ? -1 : 1

param alertEmails = empty(emails) ? [] : split(emails, ',')
param monthlyBudget = int(readEnvironmentVariable('OCELLUS_MONTHLY_BUDGET', '0'))
param budgetStart = readEnvironmentVariable('OCELLUS_BUDGET_START', '')
