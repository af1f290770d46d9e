# Completions of bash for whatlistens: whatlistens generate completions bash

# The options and the commands that may stand behind a command.
_whatlistens_options() {
  case $1 in
#OPTIONS#
  esac
}

_whatlistens_commands() {
  case $1 in
#COMMANDS#
  esac
}

# What may stand behind an option of a command, or behind the command itself: its kind, and the words.
_whatlistens_values() {
  kind='' list=''
  case $1 in
#VALUES#
  esac
}

_whatlistens() {
  local cur=${COMP_WORDS[COMP_CWORD]} kind list option='' place='' given='' only_words='' i word start
  COMPREPLY=()

  # Which command it is, and whether the word behind it is the value of an option.
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    # bash takes --sort=port for three words, and the value 22=sshd.
    if [[ $word == = ]]; then option=${option:-=}; continue; fi
    if [[ -n $option ]]; then option=''; continue; fi
    case $word in
      --) only_words=1 ;;
      -*)
        [[ -n $only_words ]] && continue
        _whatlistens_values "$place|$word"
        [[ -n $kind ]] && option=$word
        ;;
      *)
        if [[ -z $given && -z $only_words && " $(_whatlistens_commands "$place") " == *" $word "* ]]; then
          place=${place:+$place }$word
        else
          given=1
        fi
        ;;
    esac
  done
  if [[ $cur == = ]]; then cur=''; fi

  if [[ -z $option && -z $only_words && $cur == -* ]]; then
    COMPREPLY=($(compgen -W "$(_whatlistens_options "$place")" -- "$cur"))
    return
  fi
  _whatlistens_values "$place|$option"
  # All names at once are no help.
  if [[ -z $cur && ${#list} -gt 500 ]]; then list=''; fi
  if [[ -z $option ]]; then
    if [[ -z $given && -z $only_words ]]; then list="$(_whatlistens_commands "$place") $list"; kind=${kind:-words}; fi
    if [[ $cur == */* ]]; then kind=files; fi
  fi
  case $kind in
    words) COMPREPLY=($(compgen -W "$list" -- "$cur")) ;;
    list)
      start=''
      if [[ $cur == *,* ]]; then start=${cur%,*},; fi
      COMPREPLY=($(compgen -P "$start" -W "$list" -- "${cur##*,}"))
      compopt -o nospace 2>/dev/null
      ;;
    users) COMPREPLY=($(compgen -u -- "$cur")) ;;
    pids) COMPREPLY=($(compgen -W "$(ps -A -o pid= 2>/dev/null)" -- "$cur")) ;;
    files | folders)
      compopt -o filenames 2>/dev/null
      while IFS= read -r word; do COMPREPLY+=("$word"); done < <(
        if [[ $kind == files ]]; then compgen -f -- "$cur"; else compgen -d -- "$cur"; fi
      )
      ;;
  esac
}

complete -F _whatlistens whatlistens
