package e2e

import "testing"

// markdownCases are texts to type, with a selector of the element they must create in the message, and its text.
var markdownCases = []struct{ typed, element, text string }{
	{"the *bold* one", "strong", "bold"},
	{"the **bolder** one", "strong", "bolder"},
	{"an _italic_ word", "em", "italic"},
	{"~~struck~~ out", "del", "struck"},
	{"run `make test` first", "code", "make test"},
	{"> who comes?\nI do", "blockquote + p", "I do"},
	{"to buy:\n- milk\n- *eggs*", "ul > li:last-child > strong", "eggs"},
	{"1. first\n2. second", "ol > li:last-child", "second"},
	{"```go\nfunc main() {\n\tprintln(\"a line that is far too long for the screen of any phone, and then some\")\n}\n```",
		"pre > code", ""},
	{"[the plan](https://garden.example.org/plan)",
		`a[href="https://garden.example.org/plan"][target="_blank"][rel="nofollow noopener noreferrer"]`, "the plan"},
	{"see https://garden.example.org/a_b_c", `a[href="https://garden.example.org/a_b_c"]`,
		"https://garden.example.org/a_b_c"},
	{"one line\nanother\n\na paragraph", "p + p", "a paragraph"},
	{"# no heading, <b>no markup</b>, a snake_case_name, 2*3*4", ".message__body",
		"# no heading, <b>no markup</b>, a snake_case_name, 2*3*4"},
}

func TestMarkdownIsRendered(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana, bob := s.newUser("Ana"), s.newUser("Bob")
	ana.openConversationWith(bob)
	bob.openConversationWith(ana)
	bob.setSize(320, 640)
	for i, form := range markdownCases {
		ana.sendMessage(form.typed)
		for _, reader := range []*tab{ana, bob} {
			line := sprintf(`document.querySelectorAll('.messages > .message')[%d]?.querySelector(%s)`, i,
				asJSON(form.element))
			reader.waitUntil(asJSON(form.typed)+" is rendered",
				sprintf(`%[1]s && (!%[2]s || %[1]s.innerText === %[2]s)`, line, asJSON(form.text)))
		}
	}
	code := `document.querySelector('.message__body pre')`
	if !bob.isTrue(code + `.scrollWidth > ` + code + `.clientWidth && document.documentElement.scrollWidth <= 320`) {
		t.Error("a long line of code does not scroll within its block")
	}
	if !bob.isTrue(`(() => {` + code + `.focus(); return document.activeElement === ` + code + `})()`) {
		t.Error("the code that scrolls cannot be reached by keyboard")
	}
}
