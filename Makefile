# make test runs all tests, as the checks of the project do. The other targets are for daily work.
SHELL := /bin/bash
TEMPL := go tool templ
TOOL := go tool -modfile=tools.mod

.PHONY: run dev build generate er test check needs bench profile screenshots

run: ## run the server with SQLite in ./data
	go run ./cmd/charla

dev: ## run the server and restart it when a file changes
	$(TOOL) air

build: ## build a binary in ./build
	go build -trimpath -o build/charla ./cmd/charla

generate: ## the Go code of the templates, and docs/http.md, docs/stream.md and docs/openapi.json
	$(TEMPL) generate -path views
	go run ./cmd/gen-docs

er: ## draw docs/er.svg, the diagram of the database schema
	go run ./cmd/gen-schema-diagram

# The browser tests and the chaos tests run one after the other, because each needs all processors. -count=1 makes Go run them
# again even if nothing has changed, because they build the program that they test. The tests that walk through all routes,
# messages or searches one after the other (TestAll…), and the memory that large pictures take, are tested without the race
# detector: it makes them ten times as slow and finds nothing in them. -short leaves them out.
test: needs check ## run all checks and tests
	go test -race -short -timeout 20m $$(go list ./... | grep -Ev '/e2e(/|$$)')
	go test -run '^TestAll' ./handlers
	go test -run TestMemory ./images
	go test -count=1 -timeout 30m ./e2e
	go test -count=1 -timeout 10m ./e2e/chaos

check: ## check formatting, vet, staticcheck and generated files
	@unformatted="$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go' | xargs -r ls 2>/dev/null))"; \
	  if [ -n "$$unformatted" ]; then echo "not formatted with gofmt: $$unformatted"; exit 1; fi
	go vet ./...
	$(TOOL) staticcheck ./...
	@bash .ci/templ-fresh

needs: ## install the programs that the tests need
	@bash .ci/needs

bench: ## measure performance, in about five minutes
	go test -run '^$$' -bench . -benchmem ./...
	.ci/measure
	.ci/bench

profile: ## print a CPU profile of the server under load, in about a minute
	.ci/profile

screenshots: ## take the pictures of the README
	go test ./e2e -run TestScreenshots -screenshots docs
