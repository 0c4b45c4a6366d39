package web

import "squirrel/models"

// call is how the official SDKs call an endpoint, and what a program does with the answer.
type call struct {
	python       string   // method of the client; empty = the SDKs have none
	known        []string // arguments the method of Python has; others it refuses
	pythonAfter  string
	pythonStream string // instead, when the answer is a stream
	node         string
	nodeAfter    string
	nodeStream   string
}

// calls has the endpoints that the playground can send to. Arguments are those that every version of the SDKs has.
var calls = map[models.Endpoint]call{
	models.EndpointChat: {
		python: "chat.completions.create", node: "chat.completions.create",
		known: []string{
			"model", "messages", "frequency_penalty", "logit_bias", "logprobs", "max_completion_tokens", "max_tokens", "metadata", "n", "parallel_tool_calls",
			"presence_penalty", "reasoning_effort", "response_format", "seed", "service_tier", "stop", "store", "stream", "stream_options", "temperature",
			"tool_choice", "tools", "top_logprobs", "top_p", "user",
		},
		pythonAfter:  `print(answer.choices[0].message.content)`,
		pythonStream: "for chunk in answer:\n    if chunk.choices:\n        print(chunk.choices[0].delta.content or \"\", end=\"\", flush=True)",
		nodeAfter:    `console.log(answer.choices[0].message.content);`,
		nodeStream:   "for await (const chunk of answer) process.stdout.write(chunk.choices[0]?.delta?.content ?? \"\");",
	},
	models.EndpointResponses: {
		python: "responses.create", node: "responses.create",
		known: []string{
			"model", "input", "include", "instructions", "max_output_tokens", "metadata", "parallel_tool_calls", "previous_response_id", "reasoning",
			"service_tier", "store", "stream", "temperature", "text", "tool_choice", "tools", "top_p", "truncation", "user",
		},
		pythonAfter:  `print(answer.output_text)`,
		pythonStream: "for event in answer:\n    if event.type == \"response.output_text.delta\":\n        print(event.delta, end=\"\", flush=True)",
		nodeAfter:    `console.log(answer.output_text);`,
		nodeStream:   "for await (const event of answer) {\n  if (event.type === \"response.output_text.delta\") process.stdout.write(event.delta);\n}",
	},
	models.EndpointMessages: {
		python: "messages.create", node: "messages.create",
		known: []string{
			"model", "max_tokens", "messages", "metadata", "service_tier", "stop_sequences", "stream", "system", "temperature", "thinking", "tool_choice",
			"tools", "top_k", "top_p",
		},
		pythonAfter:  `print("".join(block.text for block in answer.content if block.type == "text"))`,
		pythonStream: "for event in answer:\n    if event.type == \"content_block_delta\" and event.delta.type == \"text_delta\":\n        print(event.delta.text, end=\"\", flush=True)",
		nodeAfter:    "for (const block of answer.content) if (block.type === \"text\") console.log(block.text);",
		nodeStream:   "for await (const event of answer) {\n  if (event.type === \"content_block_delta\" && event.delta.type === \"text_delta\") process.stdout.write(event.delta.text);\n}",
	},
	models.EndpointCountTokens: {
		python: "messages.count_tokens", node: "messages.countTokens", known: []string{"model", "messages", "system", "thinking", "tool_choice", "tools"},
		pythonAfter: `print(answer.input_tokens)`, nodeAfter: `console.log(answer.input_tokens);`,
	},
	models.EndpointCompletions: {
		python: "completions.create", node: "completions.create",
		known: []string{
			"model", "prompt", "best_of", "echo", "frequency_penalty", "logit_bias", "logprobs", "max_tokens", "n", "presence_penalty", "seed", "stop",
			"stream", "stream_options", "suffix", "temperature", "top_p", "user",
		},
		pythonAfter:  `print(answer.choices[0].text)`,
		pythonStream: "for chunk in answer:\n    if chunk.choices:\n        print(chunk.choices[0].text, end=\"\", flush=True)",
		nodeAfter:    `console.log(answer.choices[0].text);`,
		nodeStream:   "for await (const chunk of answer) process.stdout.write(chunk.choices[0]?.text ?? \"\");",
	},
	models.EndpointEmbeddings: {
		python: "embeddings.create", node: "embeddings.create", known: []string{"model", "input", "dimensions", "encoding_format", "user"},
		pythonAfter: "for item in answer.data:\n    print(item.index, len(item.embedding))",
		nodeAfter:   "for (const item of answer.data) console.log(item.index, item.embedding.length);",
	},
	models.EndpointImages: {
		python: "images.generate", node: "images.generate", known: []string{"model", "prompt", "n", "quality", "response_format", "size", "style", "user"},
		pythonAfter: "for n, image in enumerate(answer.data, 1):\n    if image.b64_json:\n        open(f\"image-{n}.png\", \"wb\").write(base64.b64decode(image.b64_json))\n    else:\n        print(image.url)",
		nodeAfter:   "for (const [i, image] of answer.data.entries()) {\n  if (image.b64_json) await fs.writeFile(`image-${i + 1}.png`, Buffer.from(image.b64_json, \"base64\"));\n  else console.log(image.url);\n}",
	},
	models.EndpointSpeech: {
		python: "audio.speech.create", node: "audio.speech.create", known: []string{"model", "input", "voice", "instructions", "response_format", "speed"},
		pythonAfter: `answer.write_to_file("speech.audio")`,
		nodeAfter:   `await fs.writeFile("speech.audio", Buffer.from(await answer.arrayBuffer()));`,
	},
	models.EndpointModerations: {
		python: "moderations.create", node: "moderations.create", known: []string{"model", "input"},
		pythonAfter: `print(answer.results)`, nodeAfter: `console.log(answer.results);`,
	},
	models.EndpointTranscriptions: {
		python: "audio.transcriptions.create", node: "audio.transcriptions.create",
		known:        []string{"model", "language", "prompt", "response_format", "stream", "temperature"},
		pythonAfter:  `print(answer.text)`,
		pythonStream: "for event in answer:\n    if event.type == \"transcript.text.delta\":\n        print(event.delta, end=\"\", flush=True)",
		nodeAfter:    `console.log(answer.text);`,
		nodeStream:   "for await (const event of answer) {\n  if (event.type === \"transcript.text.delta\") process.stdout.write(event.delta);\n}",
	},
	models.EndpointTranslations: {
		python: "audio.translations.create", node: "audio.translations.create", known: []string{"model", "prompt", "response_format", "temperature"},
		pythonAfter: `print(answer.text)`, nodeAfter: `console.log(answer.text);`,
	},
}
