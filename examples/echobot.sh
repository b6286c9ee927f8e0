#!/bin/sh
# Says again what others say in a room, with curl, awk and sed. Its token is that of a bot.
#
#   CHARLA_URL=https://chat.example.org CHARLA_TOKEN=charla_… examples/echobot.sh 1
#
# Nothing is lost or said twice: the cursor is kept in a file once a message was answered, and each answer has a key.
set -u
url=${CHARLA_URL:-http://127.0.0.1:8080}
room=${1:-1}
kept=${2:-$(mktemp)} # where the cursor is kept, for the next time too

ask() { curl -s -H "Authorization: Bearer ${CHARLA_TOKEN:-}" -H 'Accept: text/event-stream, application/json' "$@"; }

# The text of a message stays in JSON, as it came: it is sent as it is.
field() { printf '%s' "$data" | awk -v pattern="\"$1\":\"([^\"\\\\\\\\]|\\\\\\\\.)*\"" 'match($0, pattern) { print substr($0, RSTART, RLENGTH) }'; }

answer() {
	id=$(printf '%s' "$data" | sed 's/^{"id":\([0-9]*\).*/\1/')
	author=$(printf '%s' "$data" | sed 's/.*"from":{"id":\([0-9]*\).*/\1/')
	body=$(field body)
	case $data in *'"bot":true'*) return ;; esac # two bots would never stop
	[ "$author" != "$me" ] && [ -n "$body" ] || return 0
	until
		code=$(printf '{"room":%s,"key":"echo-%s",%s}' "$room" "$id" "$body" |
			ask -o /dev/null -w '%{http_code}' -H 'Content-Type: application/json' --data-binary @- "$url/messages")
		case $code in 000 | 429 | 5*) false ;; esac
	do sleep 1; done
}

# What an event asks for; then its id is the cursor.
take() {
	case $event in
	message) answer ;;
	resync) echo "more than 500 changes were missed" >&2 && : >"$kept" ;;
	bye) exit 3 ;;
	esac
	[ -z "$cursor" ] || printf '%s' "$cursor" >"$kept"
}

while :; do
	who=$(ask -w '%{http_code}' "$url/chat")
	case $who in
	*200) ;;
	*401) echo "not let in" >&2 && exit 1 ;;
	*) sleep 1 && continue ;;
	esac
	me=$(printf '%s' "$who" | sed -n '1s/^{"me":{"id":\([0-9]*\).*/\1/p')
	echo "following room $room" >&2
	event='' data='' cursor=''
	ask -N -f -H "Last-Event-ID: $(cat "$kept")" "$url/events?room=$room" | while IFS= read -r line; do
		case $line in
		event:*) event=${line#event: } ;;
		id:*) cursor=${line#id: } ;;
		data:*) data=${line#data: } ;;
		'') take && event='' data='' cursor='' ;;
		esac
	done
	[ $? -ne 3 ] || exit 1
	sleep 1
done
