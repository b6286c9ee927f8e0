package e2e

import "testing"

// readsAloud notes what comes into the log of new messages, as a screen reader does.
const readsAloud = `!!(globalThis.aloud = []) && new MutationObserver(all => all.flatMap(r => [...r.addedNodes])
	.forEach(n => n.id && aloud.push(n.id))).observe(document.querySelector('[role=log]'), {childList: true, subtree: true}) === undefined`

// TestEachMessageIsReadAloudOnce: also one's own, which comes by the answer and by the stream. What happens to it is no new message, nor
// is what somebody is about to write.
func TestEachMessageIsReadAloudOnce(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ana, bob := s.newcomer("Ana"), s.newcomer("Bob")
	ana.meets(bob)
	bob.meets(ana)
	for _, b := range []*tab{ana, bob} {
		b.until("somebody listens", readsAloud)
	}
	ana.write("Hello Bob")
	bob.reads("Hello Bob")
	bob.write("Hello Ana")
	ana.reads("Hello Bob", "Hello Ana")
	bob.fill("#text", "hm")
	ana.until("Bob is writing", `document.querySelector('#typing').innerText && !document.querySelector('#typing').closest('[aria-live], [role=status], [role=alert], [role=log]')`)
	ana.program().sends("/messages/1/reactions", map[string][]string{"emoji": {"🎉"}})
	bob.program().sends("/messages/2/edit", map[string][]string{"body": {"Hello, Ana"}})
	for _, b := range []*tab{ana, bob} {
		b.reads("Hello Bob", "Hello, Ana")
		b.until("the reaction is there", reacted(1)+` === '🎉 1'`)
		b.until("each message came once", `aloud.filter(id => id.startsWith('m-')).join() === 'm-1,m-2'`)
	}
}
