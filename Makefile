# make test is what the project's checks run: everything, with the browsers. The rest is for everyday work.
SHELL := /bin/bash
TEMPL := go tool templ
TOOL := go tool -modfile=tools.mod

.PHONY: run dev build generate er test check needs bench screenshots

run: ## serve, with SQLite in ./data
	go run ./cmd/charla

dev: ## serve, and start again when a file changes
	$(TOOL) air

build: ## a binary in ./build
	go build -trimpath -o build/charla ./cmd/charla

generate: ## the Go code of the templates, and docs/http.md, docs/stream.md and docs/openapi.json
	$(TEMPL) generate -path views
	go run ./cmd/gen-docs

er: ## draw docs/er.svg from the schema
	go run ./cmd/gen-schema-diagram

# The browsers run by themselves, and so do the worlds under fire: they would starve the others of their processors, and be
# starved. What they test is built as they start, so no earlier result of theirs counts.
test: needs check ## everything
	go test -race -timeout 10m $$(go list ./... | grep -Ev '/e2e(/|$$)')
	go test -count=1 -timeout 15m ./e2e
	go test -count=1 -timeout 10m ./e2e/chaos

# check finds what no test is needed for. templ writes nothing where the generated files are fresh.
check:
	@unformatted="$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go' | xargs -r ls 2>/dev/null))"; \
	  if [ -n "$$unformatted" ]; then echo "gofmt wants: $$unformatted"; exit 1; fi
	go vet ./...
	$(TOOL) staticcheck ./...
	@bash .ci/templ-fresh

needs: ## bring what the tests need and the machine lacks
	@bash .ci/needs

bench: ## how fast it is, in about five minutes
	go test -run '^$$' -bench . -benchmem ./...
	.ci/measure
	.ci/bench

screenshots: ## the pictures of the README, from the running program
	go test ./e2e -run TestScreenshots -screenshots docs
