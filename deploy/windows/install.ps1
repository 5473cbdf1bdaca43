# Makes this PC a GPU box of a Samovar server, or brings it to the version beside this file.
#
#   powershell -ExecutionPolicy Bypass -File install.ps1 --join STRING      install.ps1 --help
#
# It only finds a Python to begin with; the rest is deploy/windows in the wheel, which runs uninstalled.
$ErrorActionPreference = 'Stop'

$wheel = Get-ChildItem -Path $PSScriptRoot -Filter 'samovar-*-py3-none-any.whl' | Select-Object -First 1
if (-not $wheel) {
    Write-Host "samovar: there is no wheel beside install.ps1: copy the whole folder made by 'python3 -m deploy wheel'"
    exit 1
}

function Find-Python {
    foreach ($name in 'py', 'python', 'python3') {
        foreach ($found in @(Get-Command $name -CommandType Application -All -ErrorAction SilentlyContinue)) {
            # Below WindowsApps lies the Microsoft Store's link, which opens its shop instead of running.
            if ($found.Source -like '*\WindowsApps\*') { continue }
            & $found.Source -c 'import sys; sys.exit(sys.version_info < (3, 11))'
            if ($LASTEXITCODE -eq 0) { return $found.Source }
        }
    }
    # What was just installed is not on this session's PATH yet.
    foreach ($version in '313', '312', '311', '314') {
        foreach ($folder in "$env:LOCALAPPDATA\Programs\Python", $env:ProgramFiles) {
            $path = Join-Path $folder "Python$version\python.exe"
            if (Test-Path $path) { return $path }
        }
    }
}

$python = Find-Python
if (-not $python) {
    if (-not (Get-Command winget -ErrorAction SilentlyContinue)) {
        Write-Host 'samovar: there is no Python here (the one of the Microsoft Store will not do): install 3.13 from python.org'
        exit 1
    }
    winget install --id Python.Python.3.13 --exact --source winget --accept-package-agreements --accept-source-agreements
    $python = Find-Python
}
if (-not $python) {
    Write-Host 'samovar: winget brought no Python: install 3.13 (64-bit) from python.org, then run this again'
    exit 1
}

$env:PYTHONPATH = $wheel.FullName
$env:PYTHONUTF8 = '1'
& $python -m deploy.windows $PSScriptRoot @args
exit $LASTEXITCODE
