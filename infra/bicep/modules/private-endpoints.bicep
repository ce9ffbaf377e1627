// Private addresses of services in the network, and the names by which clients find them.
param location string
param tags object
param networkId string
param subnetId string
@description('Of each: name, id of the service, group: blob, table, queue, vault, registry, topic or sites. No three that follow each other, counted from the first, are of one service.')
param targets array

var zones = {
  blob: 'privatelink.blob.${environment().suffixes.storage}'
  table: 'privatelink.table.${environment().suffixes.storage}'
  queue: 'privatelink.queue.${environment().suffixes.storage}'
  vault: 'privatelink.vaultcore.azure.net'
  registry: 'privatelink.azurecr.io'
  topic: 'privatelink.eventgrid.azure.net'
  sites: 'privatelink.azurewebsites.net'
}

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' = [for item in items(zones): {
  name: item.value
  location: 'global'
  tags: tags
}]

resource link 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [for (item, i) in items(zones): {
  parent: zone[i]
  name: 'network'
  location: 'global'
  tags: tags
  properties: {
    registrationEnabled: false
    virtualNetwork: { id: networkId }
  }
}]

// All at once they get in each other's way: a subnet, and even more an account, takes few changes at a time.
@batchSize(3)
resource endpoint 'Microsoft.Network/privateEndpoints@2024-07-01' = [for target in targets: {
  name: 'pep-${target.name}'
  location: location
  tags: tags
  properties: {
    subnet: { id: subnetId }
    privateLinkServiceConnections: [
      {
        name: target.name
        properties: { privateLinkServiceId: target.id, groupIds: [target.group] }
      }
    ]
  }
}]

@batchSize(3)
resource names 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-07-01' = [for (target, i) in targets: {
  parent: endpoint[i]
  name: 'default'
  dependsOn: [zone, link]
  properties: {
    privateDnsZoneConfigs: [
      {
        name: target.group
        properties: { privateDnsZoneId: resourceId('Microsoft.Network/privateDnsZones', zones[target.group]) }
      }
    ]
  }
}]
