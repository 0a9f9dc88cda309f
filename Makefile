# The targets of the incident ledger. `make help` lists them.

GO     ?= go
BIN    := bin/incidentledger
DATA   ?= data
LISTEN ?= 127.0.0.1:8080

# No C in the program, and none in its tests (race needs it; see below).
export CGO_ENABLED := 0
# The toolchain that is installed, or the one that go.mod asks for.
export GOTOOLCHAIN ?= auto

# Rooms in which goroutines share memory.
RACE := ./eventstore/... ./projections ./handlers/...
FUZZTIME ?= 10s

.DEFAULT_GOAL := help
.PHONY: help run demo test build bench lint race fuzz coverage-of-requirements stories clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-26s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## Build and serve on http://127.0.0.1:8080, with the data in ./data
	$(BIN) --data $(DATA) serve --listen $(LISTEN)

demo: build ## Play the sample case into a temporary data folder and serve it
	$(BIN) demo --listen $(LISTEN)

test: ## Run every test
	$(GO) test -timeout 15m ./...

build: ## Build bin/incidentledger: static and stripped
	$(GO) build -trimpath -ldflags '-s -w' -o $(BIN) ./cmd/incidentledger

bench: build ## Run the benchmarks beside their yardsticks and print the table
	$(BIN) bench

lint: ## gofmt, go vet, staticcheck, go mod tidy
	@bad=$$(gofmt -l $$(find . -name '*.go' -not -path './.git/*')); test -z "$$bad" || { echo "gofmt: $$bad"; exit 1; }
	$(GO) vet ./...
	$(GO) run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...
	$(GO) mod tidy -diff

race: ## Run the tests of the rooms that share memory under the race detector (needs gcc)
	CGO_ENABLED=1 $(GO) test -race -timeout 15m $(RACE)

fuzz: ## Fuzz each fuzz target for FUZZTIME (10s)
	@for pkg in $$($(GO) list ./...); do \
		for f in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
			echo "fuzz $$f in $$pkg"; \
			$(GO) test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x $$pkg || exit 1; \
		done; \
	done

coverage-of-requirements: ## Print which story shows which requirement, and fail where one is shown by none
	@out=$$($(GO) test -count 1 -run '^TestEveryRequirementHasAStory$$' -v ./cmd/incidentledger); code=$$?; \
	echo "$$out" | sed -n 's/^ *requirements_test.go:[0-9]*: //p'; exit $$code

stories: ## Run the command-line stories alone, and say what they did
	$(GO) test -count 1 -run '^TestScripts$$' -v ./cmd/incidentledger

clean: ## Remove what was built; never the data
	rm -rf bin
