#!/bin/sh
# Repeats what others post in a room, with curl, awk and sed. It needs the token of a bot.
#
#   CHARLA_URL=https://chat.example.org CHARLA_TOKEN=charla_… examples/echobot.sh 1
#
# It loses no message and posts none twice: it stores its cursor in a file after each message, and its messages have keys.
set -u
url=${CHARLA_URL:-http://127.0.0.1:8080}
room=${1:-1}
cursor_file=${2:-$(mktemp)} # the file for the cursor, which the next run may continue with

request() { curl -s -H "Authorization: Bearer ${CHARLA_TOKEN:-}" -H 'Accept: text/event-stream, application/json' "$@"; }

# Prints a field of the JSON data without decoding it, so that it can be sent again as it is.
field() { printf '%s' "$data" | awk -v pattern="\"$1\":\"([^\"\\\\\\\\]|\\\\\\\\.)*\"" 'match($0, pattern) { print substr($0, RSTART, RLENGTH) }'; }

repeat_message() {
	id=$(printf '%s' "$data" | sed 's/^{"id":\([0-9]*\).*/\1/')
	author=$(printf '%s' "$data" | sed 's/.*"from":{"id":\([0-9]*\).*/\1/')
	body=$(field body)
	case $data in *'"bot":true'*) return ;; esac # two echo bots would never stop
	[ "$author" != "$me" ] && [ -n "$body" ] || return 0
	until
		code=$(printf '{"room":%s,"key":"echo-%s",%s}' "$room" "$id" "$body" |
			request -o /dev/null -w '%{http_code}' -H 'Content-Type: application/json' --data-binary @- "$url/messages")
		case $code in 000 | 429 | 5*) false ;; esac
	do sleep 1; done
}

# Handles an event and then stores its id as the cursor.
handle_event() {
	case $event in
	message) repeat_message ;;
	resync) echo "more than 500 changes were missed" >&2 && : >"$cursor_file" ;;
	bye) exit 3 ;;
	esac
	[ -z "$cursor" ] || printf '%s' "$cursor" >"$cursor_file"
}

while :; do
	profile=$(request -w '%{http_code}' "$url/chat")
	case $profile in
	*200) ;;
	*401) echo "access revoked" >&2 && exit 1 ;;
	*) sleep 1 && continue ;;
	esac
	me=$(printf '%s' "$profile" | sed -n '1s/^{"me":{"id":\([0-9]*\).*/\1/p')
	echo "following room $room" >&2
	event='' data='' cursor=''
	request -N -f -H "Last-Event-ID: $(cat "$cursor_file")" "$url/events?room=$room" | while IFS= read -r line; do
		case $line in
		event:*) event=${line#event: } ;;
		id:*) cursor=${line#id: } ;;
		data:*) data=${line#data: } ;;
		'') handle_event && event='' data='' cursor='' ;;
		esac
	done
	[ $? -ne 3 ] || exit 1
	sleep 1
done
