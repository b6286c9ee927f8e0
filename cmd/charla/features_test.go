package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// features lists every feature and the layers in which it has a file of its name, such as chat/reactions.go,
// handlers/reactions.go, views/reactions.templ, static/css/reactions.css and e2e/reactions_test.go. A layer that is
// not listed has no such file.
var features = map[string]string{
	"account_deletion":      "chat db handlers views e2e",
	"account_export":        "chat db handlers",
	"applications":          "chat db handlers views",
	"attachments":           "chat db live handlers views css e2e",
	"avatars":               "handlers views css",
	"blob_gc":               "chat db",
	"blob_store":            "chat db",
	"bots":                  "chat db handlers views css e2e",
	"checklist":             "chat db handlers views css",
	"community":             "chat db handlers views",
	"completion":            "chat db handlers views css e2e",
	"composer":              "handlers views css e2e",
	"composer_fallback":     "views e2e",
	"conversations":         "chat db live handlers handlers/stream views css",
	"drafts":                "chat db handlers views e2e",
	"email_links":           "chat db handlers views e2e",
	"emoji":                 "chat db handlers views css e2e",
	"files":                 "chat db handlers views css e2e",
	"guests":                "chat db live handlers",
	"handles":               "chat db views css",
	"inbox":                 "chat db live handlers views css",
	"invitation_use":        "chat",
	"invitations":           "chat db handlers views e2e",
	"lightbox":              "handlers views css e2e",
	"login":                 "chat handlers views e2e",
	"members":               "chat db handlers views",
	"mentions":              "chat db handlers views css",
	"message_edits":         "chat handlers views e2e",
	"message_history":       "chat db handlers e2e",
	"message_menu":          "views css e2e",
	"messages":              "chat db handlers views css e2e",
	"noscript_messages":     "handlers/stream views css",
	"notification_content":  "chat db notify",
	"notification_levels":   "chat db handlers views css e2e",
	"notification_settings": "chat db handlers views",
	"notifications":         "chat db",
	"page_slots":            "chat db handlers/web",
	"password_confirmation": "chat handlers views",
	"people":                "chat db handlers views",
	"people_list":           "css",
	"permalinks":            "chat db handlers views css e2e",
	"pins":                  "chat db handlers views css e2e",
	"presence":              "live views e2e",
	"reactions":             "chat db handlers views css e2e",
	"read_markers":          "chat db handlers views e2e",
	"recovery":              "chat handlers views",
	"roles":                 "chat db live handlers views",
	"rooms":                 "chat db handlers views e2e",
	"saved_messages":        "chat db handlers views",
	"search":                "chat db handlers views css e2e",
	"search_filters":        "chat",
	"search_index":          "chat db",
	"search_marks":          "chat",
	"search_query":          "chat",
	"send_queue":            "chat handlers views css e2e",
	"session_list":          "handlers views",
	"sessions":              "chat db handlers/web",
	"settings":              "chat db handlers views css e2e",
	"sidebar":               "handlers views css",
	"setup":                 "chat db handlers views",
	"signing_keys":          "chat db",
	"signup":                "chat db handlers views",
	"tab_signals":           "handlers views e2e",
	"tokens":                "chat db handlers",
	"typing":                "live views css e2e",
	"unread_digests":        "chat db notify",
	"users":                 "chat db",
	"uploads":               "chat handlers views e2e",
	"webhooks":              "chat db handlers",
}

// otherFiles lists the files of each layer that belong to no feature. Their names have no extension and no _test.
var otherFiles = map[string]string{
	"chat":   "chat errors events every password scripts secrets seed service store validation version",
	"db":     "backup db deadline_conn errors group_commit migrate nodes observer postgres query secrets secure_delete session_cache sqlite stmt_cache",
	"notify": "worker",
	"live": "blocking_writer catchup doc encoder frame hijacked hub json node_presence polling relay relay_message " +
		"replay_cache scheduler sse stats stream subscriptions unread",
	"handlers": "account_export_content compression docs errors events health me_css middleware openapi routes " +
		"security_log send_queue_cleanup send_queue_entries server well_known",
	"handlers/stream": "event_docs html json replay response",
	"handlers/web": "caller client_address content_disposition errors host json_schema markdown max_lengths " +
		"message_json negotiation openapi query_parameters ratelimit render request route upload_body " +
		"urlencoded",
	"views": "arrow_keys dom_ids emails errors forms fragments icons layout locale page push text times urls",
	"css":   "app base card_page forms layers noscript pages print reset theme utilities",
	"e2e": "accessibility alt_text api_user attachments_sync connection_banner durability engine engine_window " +
		"firefox flaky_proxy html_validation injection keyboard main markdown navigation noscript print reconnect responsive_layout " +
		"sample_files sample_videos screen_reader screenshots server slow_proxy stream_cuts tab tab_events tab_input touch webkit",
}

// layerFiles returns the names of the files in a layer, without their extensions. They are production files, except
// for the layer e2e, which has only tests.
func layerFiles(t *testing.T, layer string) []string {
	t.Helper()
	dir := layer
	if layer == "css" {
		dir = "static/css"
	}
	paths, err := filepath.Glob("../../" + dir + "/*")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no files in %s: %v", dir, err)
	}
	var names []string
	for _, path := range paths {
		name, extension, isFile := strings.Cut(filepath.Base(path), ".")
		if !isFile || !slices.Contains([]string{"go", "templ", "css"}, extension) || strings.HasSuffix(name, "_templ") {
			continue
		}
		feature, isTest := strings.CutSuffix(name, "_test")
		if isTest == (layer == "e2e") && !slices.Contains(names, feature) {
			names = append(names, feature)
		}
	}
	return names
}

// TestFeatureFiles checks that features and otherFiles list exactly the files that exist, so that whoever knows the
// name of a feature finds all of it.
func TestFeatureFiles(t *testing.T) {
	for layer, others := range otherFiles {
		var want []string
		for feature, layers := range features {
			if slices.Contains(strings.Fields(layers), layer) {
				want = append(want, feature)
			}
		}
		want = append(want, strings.Fields(others)...)
		files := layerFiles(t, layer)
		for _, name := range files {
			if !slices.Contains(want, name) {
				t.Errorf("%s has a file %s, which neither features nor otherFiles lists", layer, name)
			}
		}
		for _, name := range want {
			if !slices.Contains(files, name) {
				t.Errorf("%s has no file %s, although features or otherFiles lists it", layer, name)
			}
		}
	}
}
