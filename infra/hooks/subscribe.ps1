# What subscribe.sh does, for Windows.

function Test-Listed {
    $names = az functionapp function list --subscription $env:AZURE_SUBSCRIPTION_ID `
        --resource-group $env:AZURE_RESOURCE_GROUP --name $env:OCELLUS_CAMERA_APP --query "[].name" --output tsv
    [bool]($names -match '(^|/)camera_preprocess$')
}

$tries = 60
while (-not (Test-Listed)) {
    $tries -= 1
    if ($tries -eq 0) {
        [Console]::Error.WriteLine("$env:OCELLUS_CAMERA_APP does not list camera_preprocess after ten minutes. See " +
            "above whether az is signed in, and the log of the app whether it starts; then run: azd deploy camera")
        exit 1
    }
    Start-Sleep -Seconds 10
}
azd env set OCELLUS_CAMERA_DEPLOYED true
if ($LASTEXITCODE -eq 0) { azd provision --no-prompt }
exit $LASTEXITCODE
