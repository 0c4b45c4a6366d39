// Runs the official Node SDKs against the gateway named by SQUIRREL_URL and SQUIRREL_KEY.
import test from "node:test";
import assert from "node:assert/strict";
import OpenAI from "openai";
import Anthropic from "@anthropic-ai/sdk";

const url = process.env.SQUIRREL_URL;
const key = process.env.SQUIRREL_KEY;
const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 });
const anthropic = new Anthropic({ baseURL: url, apiKey: key, maxRetries: 0 });

// "claude" leads to providers of both protocols, by weight.
const names = ["smart", "fast", "cheap", "claude", "claude", "claude", "claude"];
const user = (content) => [{ role: "user", content }];
const askWeather = "What is the weather in Paris? Call get_weather.";
const schema = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
const openaiTools = [{ type: "function", function: { name: "get_weather", description: "The weather at a place.", parameters: schema } }];
const anthropicTools = [{ name: "get_weather", description: "The weather at a place.", input_schema: schema }];

for (const [i, model] of names.entries()) {
  test(`openai chat ${model} ${i}`, async () => {
    const answer = await openai.chat.completions.create({ model, messages: user("Hello, squirrel!") });
    assert.ok(answer.choices[0].message.content);
    assert.equal(answer.choices[0].finish_reason, "stop");
    assert.ok(answer.usage.total_tokens > 0);
  });

  test(`openai stream helper ${model} ${i}`, async () => {
    const stream = openai.chat.completions.stream({ model, messages: user("Tell me about acorns."), stream_options: { include_usage: true } });
    let deltas = 0;
    stream.on("content", () => deltas++);
    const final = await stream.finalChatCompletion();
    assert.ok(deltas > 1);
    assert.equal(final.choices[0].finish_reason, "stop");
    assert.ok((await stream.totalUsage()).total_tokens > 0);
  });

  test(`openai tools, streamed and answered ${model} ${i}`, async () => {
    const messages = user(askWeather);
    const first = await openai.chat.completions.stream({ model, messages, tools: openaiTools }).finalChatCompletion();
    const { message, finish_reason } = first.choices[0];
    assert.equal(finish_reason, "tool_calls");
    messages.push(message);
    for (const call of message.tool_calls) {
      JSON.parse(call.function.arguments);
      messages.push({ role: "tool", tool_call_id: call.id, content: '{"celsius":21}' });
    }
    const second = await openai.chat.completions.create({ model, messages, tools: openaiTools });
    assert.ok(second.choices[0].message.content);
  });

  test(`openai responses, plain and streamed ${model} ${i}`, async () => {
    const answer = await openai.responses.create({ model, input: "Hello, squirrel!" });
    assert.equal(answer.status, "completed");
    assert.ok(answer.output_text);
    const stream = openai.responses.stream({ model, input: "Tell me about acorns." });
    const final = await stream.finalResponse();
    assert.equal(final.status, "completed");
    assert.ok(final.output_text);
  });

  test(`anthropic messages ${model} ${i}`, async () => {
    const answer = await anthropic.messages.create({ model, max_tokens: 500, messages: user("Hello, squirrel!") });
    assert.equal(answer.stop_reason, "end_turn");
    assert.ok(answer.content[0].text);
    assert.ok(answer.usage.output_tokens > 0);
  });

  test(`anthropic stream helper ${model} ${i}`, async () => {
    const stream = anthropic.messages.stream({ model, max_tokens: 500, messages: user("Tell me about acorns.") });
    let deltas = 0;
    stream.on("text", () => deltas++);
    const final = await stream.finalMessage();
    assert.ok(deltas > 1);
    assert.equal(final.stop_reason, "end_turn");
  });

  test(`anthropic tools, streamed and answered ${model} ${i}`, async () => {
    const messages = user(askWeather);
    const first = await anthropic.messages.stream({ model, max_tokens: 500, messages, tools: anthropicTools }).finalMessage();
    assert.equal(first.stop_reason, "tool_use");
    messages.push({ role: "assistant", content: first.content });
    messages.push({ role: "user", content: first.content.filter((b) => b.type === "tool_use").map((b) => ({ type: "tool_result", tool_use_id: b.id, content: "21 degrees" })) });
    const second = await anthropic.messages.create({ model, max_tokens: 500, messages, tools: anthropicTools });
    assert.equal(second.stop_reason, "end_turn");
  });
}

test("openai embeddings", async () => {
  const answer = await openai.embeddings.create({ model: "fast", input: ["acorn", "walnut"] });
  assert.equal(answer.data.length, 2);
  assert.ok(answer.data[0].embedding.length > 0);
  assert.equal(typeof answer.data[0].embedding[0], "number");
});

test("model lists", async () => {
  for (const list of [await openai.models.list(), await anthropic.models.list()]) {
    const ids = list.data.map((m) => m.id);
    for (const name of ["smart", "fast", "cheap", "claude"]) assert.equal(ids.filter((id) => id === name).length, 1, ids.join());
  }
});

test("count_tokens", async () => {
  for (let i = 0; i < 4; i++) {
    const { input_tokens } = await anthropic.messages.countTokens({ model: "claude", messages: user("How many tokens is this?") });
    assert.ok(input_tokens > 0);
  }
});

test("errors are the SDKs' own", async () => {
  const stranger = new OpenAI({ baseURL: `${url}/v1`, apiKey: "lgw-wrong", maxRetries: 0 });
  await assert.rejects(stranger.chat.completions.create({ model: "smart", messages: user("x") }), OpenAI.AuthenticationError);
  await assert.rejects(openai.chat.completions.create({ model: "smurt", messages: user("x") }), OpenAI.NotFoundError);
  const nobody = new Anthropic({ baseURL: url, apiKey: "lgw-wrong", maxRetries: 0 });
  await assert.rejects(nobody.messages.create({ model: "claude", max_tokens: 10, messages: user("x") }), Anthropic.AuthenticationError);
  await assert.rejects(anthropic.messages.create({ model: "clade", max_tokens: 10, messages: user("x") }), Anthropic.NotFoundError);
});
