#compdef whatlistens
# Completions of zsh for whatlistens: whatlistens generate completions zsh

# The commands that may stand behind a command, each with what it does.
_whatlistens_commands() {
  case $1 in
#COMMANDS#
  esac
}

# The words that may stand behind a command, or behind an option if they are many.
_whatlistens_words() {
  case $1 in
#WORDS#
  esac
}

# These words. All names at once are no help.
_whatlistens_names() {
  local -a list
  list=($(_whatlistens_words "$1"))
  if (( ! $#list || ($#list >= 64 && ! $#PREFIX) )); then return 1; fi
  _wanted words expl name compadd -a list
}

# Commands, where none was typed yet, and words.
_whatlistens_what() {
  local -a commands
  local found=1
  if [[ -z $given ]]; then
    commands=("${(@f)$(_whatlistens_commands "$place")}")
    if [[ -n $commands ]]; then _describe -t commands command commands && found=0; fi
  fi
  _whatlistens_names "$place|" && found=0
  if [[ $PREFIX == */* ]]; then _files && found=0; fi
  return found
}

_whatlistens() {
  local place='' given='' word skip=''
  local -i at=1 i
  for ((i = 2; i < CURRENT; i++)); do
    word=$words[i]
    if [[ -n $skip ]]; then skip=''; continue; fi
    case $word in
      --) given=1; break ;;
      --*=*) ;;
      -*) if [[ " $_whatlistens_taking " == *" $word "* ]]; then skip=1; fi ;;
      *)
        if [[ $'\n'$(_whatlistens_commands "$place") == *$'\n'$word:* ]]; then
          place=${place:+$place }$word
          at=i
        else
          given=1
          break
        fi
        ;;
    esac
  done
  # _arguments takes the last command for the program.
  if (( at > 1 )); then
    words=("${(@)words[at,-1]}")
    CURRENT=$((CURRENT - at + 1))
  fi
  case $place in
#ARGUMENTS#
  esac
}

# The options that take a value, of any command.
typeset -g _whatlistens_taking=#TAKING#

# Loaded from a folder of fpath it is this function that was called; else it is registered.
if [[ $funcstack[1] == _whatlistens ]]; then
  _whatlistens "$@"
else
  compdef _whatlistens whatlistens
fi
