// The private network: a subnet for each app and the job to go out from, one for the private endpoints, and the way out.
param name string
param location string
param tags object
@description('A /23 or larger.')
param addressPrefix string

// What apps and job ask of the internet: addresses of images, Entra ID, Application Insights. Subnets are private by
// themselves, so nothing gets out but through the gateway, and from one address, which others can let in.
resource address 'Microsoft.Network/publicIPAddresses@2024-07-01' = {
  name: 'pip-${name}'
  location: location
  tags: tags
  sku: { name: 'Standard' }
  properties: { publicIPAllocationMethod: 'Static' }
}

resource gateway 'Microsoft.Network/natGateways@2024-07-01' = {
  name: 'ng-${name}'
  location: location
  tags: tags
  sku: { name: 'Standard' }
  properties: { publicIpAddresses: [{ id: address.id }] }
}

// Flex Consumption apps and Container Apps environments each want a subnet of their own, delegated alike.
var apps = ['training', 'prediction', 'camera', 'job']

resource network 'Microsoft.Network/virtualNetworks@2024-07-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: [addressPrefix] }
    subnets: concat(
      map(range(0, length(apps)), i => {
        name: apps[i]
        properties: {
          addressPrefix: cidrSubnet(addressPrefix, 26, i)
          defaultOutboundAccess: false
          natGateway: { id: gateway.id }
          delegations: [{ name: 'apps', properties: { serviceName: 'Microsoft.App/environments' } }]
        }
      }),
      [
        {
          name: 'endpoints'
          properties: { addressPrefix: cidrSubnet(addressPrefix, 26, length(apps)), defaultOutboundAccess: false }
        }
      ]
    )
  }

  resource training 'subnets' existing = { name: 'training' }
  resource prediction 'subnets' existing = { name: 'prediction' }
  resource camera 'subnets' existing = { name: 'camera' }
  resource job 'subnets' existing = { name: 'job' }
  resource endpoints 'subnets' existing = { name: 'endpoints' }
}

output id string = network.id
output subnets object = {
  training: network::training.id
  prediction: network::prediction.id
  camera: network::camera.id
  job: network::job.id
  endpoints: network::endpoints.id
}
