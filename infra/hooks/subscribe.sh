#!/bin/sh
# After the camera app's deployment: provisions again, which adds the subscription to what cameras upload. Event Grid
# refuses to subscribe a function that isn't there, and Azure lists one only minutes after it was deployed.
# subscribe.ps1 does the same on Windows.

listed() {
    az functionapp function list --subscription "$AZURE_SUBSCRIPTION_ID" --resource-group "$AZURE_RESOURCE_GROUP" \
        --name "$OCELLUS_CAMERA_APP" --query "[].name" --output tsv | tr -d '\r' | grep -Eq '(^|/)camera_preprocess$'
}

tries=60
until listed; do
    tries=$((tries - 1))
    if [ "$tries" -eq 0 ]; then
        echo "$OCELLUS_CAMERA_APP does not list camera_preprocess after ten minutes. See above whether az is signed in," \
            "and the log of the app whether it starts; then run: azd deploy camera" >&2
        exit 1
    fi
    sleep 10
done
azd env set OCELLUS_CAMERA_DEPLOYED true && azd provision --no-prompt
