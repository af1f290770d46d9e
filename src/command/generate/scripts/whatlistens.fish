# Completions of fish for whatlistens: whatlistens generate completions fish

# The commands that may stand behind a command.
function __whatlistens_commands
    switch "$argv[1]"
#COMMANDS#
    end
end

# The command that was typed, and behind a colon whether words stand behind it.
function __whatlistens_place
    set -l typed (commandline -opc)
    set -e typed[1]
    set -l place
    set -l given ''
    set -l skip ''
    for word in $typed
        if test -n "$skip"
            set skip ''
            continue
        end
        switch $word
            case --
                set given 1
                break
            case '--*=*'
            case '-*'
                if contains -- $word #TAKING#
                    set skip 1
                end
            case '*'
                if contains -- $word (__whatlistens_commands "$place")
                    set -a place $word
                else
                    set given 1
                    break
                end
        end
    end
    echo "$place:$given"
end

# Whether the command was typed.
function __whatlistens_at
    string match -q -- "$argv[1]:*" (__whatlistens_place)
end

# Whether it was typed, and no word behind it.
function __whatlistens_behind
    test (__whatlistens_place) = "$argv[1]:"
end

# Several of some words, with commas between them.
function __whatlistens_list
    set -l typed (commandline -ct | string replace -r '^--[^=]*=' '' | string match -r '^.*,')
    printf '%s\n' "$typed"$argv
end

# The names that may stand behind a command or its option. All names at once are no help.
function __whatlistens_names
    test -n (commandline -ct); or return
    switch "$argv[1]"
#NAMES#
    end
end

complete -c whatlistens -f
complete -c whatlistens -n "string match -q '*/*' -- (commandline -ct)" -F
#COMPLETE#
