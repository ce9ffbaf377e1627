# What build.sh does, for Windows.

Set-Location (Join-Path $PSScriptRoot '../..')
npm ci --no-audit --no-fund --loglevel=error
if ($LASTEXITCODE -eq 0) { node node_modules/vite/bin/vite.js build --logLevel warn portal }
exit $LASTEXITCODE
