package simulator

import (
	"embed"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"

	"squirrel/models"
	"squirrel/proxy/simulator/answers"
)

// Recording is an answer of a live service, as recordings/SOURCES.md describes it.
type Recording struct {
	// Name is what follows "replay:" in a model name.
	Name     string
	Protocol models.Protocol
	Stream   bool
	Status   int
	// Request is the request that was answered, nil when it was not recorded.
	Request []byte
	// Response is the body of the answer.
	Response []byte
}

// The dot file in the folder is of no use at run time and left out.
//
//go:embed recordings/anthropic recordings/chat recordings/responses recordings/requests
var recordingFiles embed.FS

// recordingStatuses are the statuses of the recorded errors; everything else is a 200.
var recordingStatuses = map[string]int{
	"pd-openai-o1-mini-system-role-system":          http.StatusBadRequest,
	"pd-openai-web-search-tool-model-not-supported": http.StatusBadRequest,
	"pd-openrouter-errors-raised-0":                 http.StatusTooManyRequests,
}

// recordingFolders says which dialect the answers of a folder are written in.
var recordingFolders = []struct {
	name     string
	protocol models.Protocol
}{
	{"anthropic", models.ProtocolAnthropic},
	{"chat", models.ProtocolOpenAI},
	{"responses", models.ProtocolResponses},
}

// Recordings lists the recorded answers by protocol and name. The bytes are shared and must not be changed.
var Recordings = sync.OnceValue(func() []Recording {
	var all []Recording
	for _, folder := range recordingFolders {
		files, err := fs.Glob(recordingFiles, "recordings/"+folder.name+"/*")
		if err != nil {
			panic("simulator: " + err.Error()) // only a bad pattern
		}
		for _, file := range files {
			all = append(all, readRecording(file, folder.protocol))
		}
	}
	return all
})

func readRecording(file string, p models.Protocol) Recording {
	body, err := recordingFiles.ReadFile(file)
	if err != nil {
		panic("simulator: an embedded file cannot be read: " + err.Error())
	}
	name := strings.TrimSuffix(path.Base(file), path.Ext(file))
	r := Recording{Name: name, Protocol: p, Stream: path.Ext(file) == ".sse", Status: http.StatusOK, Response: body}
	if status, ok := recordingStatuses[name]; ok {
		r.Status = status
	}
	if request, err := recordingFiles.ReadFile("recordings/requests/" + name + ".json"); err == nil {
		r.Request = request
	}
	return r
}

// RecordingNamed returns the recording of a name.
func RecordingNamed(name string) (Recording, bool) {
	for _, r := range Recordings() {
		if r.Name == name {
			return r, true
		}
	}
	return Recording{}, false
}

// replay is a recording as an answer. What it holds is sent as it is; only pauses, cuts and segments apply to it.
func replay(name string, p models.Protocol, requestID string) *answers.Answer {
	r, ok := RecordingNamed(name)
	if !ok {
		return answers.Error(p, http.StatusNotFound, "There is no recording "+name+".", requestID)
	}
	a := &answers.Answer{Status: r.Status, ContentType: jsonType, Body: r.Response, Header: [][2]string{answers.IDHeader(p, requestID)}}
	if r.Stream {
		a.ContentType = "text/event-stream; charset=utf-8"
	}
	return a
}
