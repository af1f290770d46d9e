# Completions of PowerShell for whatlistens: whatlistens generate completions powershell

Register-ArgumentCompleter -Native -CommandName 'whatlistens' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    # The options and the commands that may stand behind a command: a line for each, with its meaning behind a tab.
    $options = @{}
    $commands = @{}
#PLACES#
    # What may stand behind an option of a command, or behind the command itself. A Hashtable would take -h for -H.
    $values = [System.Collections.Generic.Dictionary[string, string]]::new()
#VALUES#
    $lists = #LISTS#

    # Which command it is, and whether the word is the value of an option.
    $place = ''
    $option = ''
    $given = $false
    $onlyWords = $false
    foreach ($element in ($commandAst.CommandElements | Select-Object -Skip 1)) {
        if ($element.Extent.EndOffset -ge $cursorPosition) { break }
        $word = $element.Extent.Text
        if ($option -ne '') { $option = ''; continue }
        if ($word -eq '--') { $onlyWords = $true; continue }
        if ($word.StartsWith('-') -and -not $onlyWords) {
            if ($values.ContainsKey("$place|$word")) { $option = $word }
            continue
        }
        if (-not $given -and -not $onlyWords -and "`n$($commands[$place])".Contains("`n$word`t")) {
            $place = "$place $word".Trim()
        } else {
            $given = $true
        }
    }

    # Of --sort=po and port,po the last part is completed.
    $start = ''
    $rest = "$wordToComplete"
    if ($option -eq '' -and $rest -match '^(--[^=]+)=(.*)$') {
        $option = $Matches[1]
        $start = "$option="
        $rest = $Matches[2]
    }
    if ($lists -contains "$place|$option" -and $rest.Contains(',')) {
        $at = $rest.LastIndexOf(',') + 1
        $start += $rest.Substring(0, $at)
        $rest = $rest.Substring($at)
    }

    $found = @()
    if ($option -eq '' -and $rest.StartsWith('-') -and -not $onlyWords) {
        $found = @($options[$place] -split "`n")
    } else {
        if ($option -eq '' -and -not $given -and -not $onlyWords) { $found = @("$($commands[$place])" -split "`n") }
        $words = @()
        if ($values.ContainsKey("$place|$option")) { $words = @($values["$place|$option"] -split ' ') }
        # All names at once are no help.
        if ($rest -ne '' -or $words.Count -lt 64) { $found += $words }
    }
    foreach ($line in $found) {
        $name, $meaning = $line -split "`t", 2
        if ("$name" -eq '' -or -not $name.StartsWith($rest, [StringComparison]::Ordinal)) { continue }
        if ("$meaning" -eq '') { $meaning = $name }
        $kind = if ($name.StartsWith('-')) { 'ParameterName' } else { 'ParameterValue' }
        [System.Management.Automation.CompletionResult]::new("$start$name", $name, $kind, $meaning)
    }
}
