// Runs the Vercel AI SDK against the gateway named by SQUIRREL_URL and SQUIRREL_KEY: each of its providers that speaks one of our
// protocols, over a provider of each protocol.
import test from "node:test";
import assert from "node:assert/strict";
import { generateText, streamText, Output, stepCountIs, tool } from "ai";
import { createOpenAI } from "@ai-sdk/openai";
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { z } from "zod";

const baseURL = `${process.env.SQUIRREL_URL}/v1`;
const apiKey = process.env.SQUIRREL_KEY;
const openai = createOpenAI({ baseURL, apiKey });
const anthropic = createAnthropic({ baseURL, apiKey });
const compatible = createOpenAICompatible({ name: "squirrel", baseURL, apiKey, includeUsage: true, supportsStructuredOutputs: true });

const clients = {
  "openai responses": (name) => openai(name),
  "openai chat": (name) => openai.chat(name),
  "openai compatible": (name) => compatible(name),
  anthropic: (name) => anthropic(name),
};
const upstreams = ["openai", "openai_responses", "anthropic"];
const get_weather = tool({
  description: "The weather at a place.",
  inputSchema: z.object({ city: z.string(), days: z.number().optional() }),
  execute: async ({ city }) => ({ city, celsius: 21 }),
});

for (const [client, modelOf] of Object.entries(clients)) {
  for (const upstream of upstreams) {
    const model = modelOf(`vercel/${upstream}/gpt-4o`);
    const label = `${client} over ${upstream}`;

    test(`${label}: text`, async () => {
      const { text, usage, finishReason } = await generateText({ model, system: "Be brief.", prompt: "Hello, squirrel! größe 🐿️", maxRetries: 0 });
      assert.ok(text);
      assert.equal(finishReason, "stop");
      assert.ok(usage.inputTokens > 0 && usage.outputTokens > 0, JSON.stringify(usage));
    });

    test(`${label}: a stream says the same as a whole answer`, async () => {
      const stream = streamText({ model, prompt: "Tell me about acorns.", maxRetries: 0, onError: ({ error }) => assert.fail(error) });
      let streamed = "";
      for await (const piece of stream.textStream) streamed += piece;
      const { text } = await generateText({ model, prompt: "Tell me about acorns.", maxRetries: 0 });
      assert.equal(streamed, text);
      assert.equal(await stream.finishReason, "stop");
      assert.ok((await stream.usage).outputTokens > 0);
    });

    test(`${label}: streamed tools in parallel, answered in a second step`, async () => {
      const stream = streamText({ model, prompt: "call get_weather twice in parallel", tools: { get_weather }, stopWhen: stepCountIs(3), maxRetries: 0, onError: ({ error }) => assert.fail(error) });
      const kinds = [];
      for await (const part of stream.fullStream) kinds.push(part.type);
      const steps = await stream.steps;
      assert.equal(steps.length, 2, kinds.join());
      assert.equal(steps[0].finishReason, "tool-calls");
      assert.equal(steps[0].toolCalls.length, 2);
      for (const call of steps[0].toolCalls) assert.equal(typeof call.input.city, "string");
      assert.deepEqual(steps[0].toolResults.map((r) => r.output.celsius), [21, 21]);
      assert.match(steps[1].text, /21/);
      assert.ok(kinds.includes("tool-input-delta"));
    });

    test(`${label}: structured output`, async () => {
      const schema = z.object({ answer: z.string(), n: z.number().int() });
      const { output } = await generateText({ model, prompt: "Answer as asked.", output: Output.object({ schema }), maxRetries: 0 });
      schema.parse(output);
      const stream = streamText({ model, prompt: "Answer as asked.", output: Output.object({ schema }), maxRetries: 0, onError: ({ error }) => assert.fail(error) });
      let last;
      for await (const partial of stream.partialOutputStream) last = partial;
      schema.parse(last);
    });

    test(`${label}: reasoning`, async () => {
      const reasoner = modelOf(`vercel/${upstream}/deepseek-reasoner`);
      const providerOptions = { openai: { reasoningSummary: "auto", reasoningEffort: "low", store: false, forceReasoning: true } };
      const stream = streamText({ model: reasoner, prompt: "Why do squirrels hide acorns?", providerOptions, maxRetries: 0, onError: ({ error }) => assert.fail(error) });
      let reasoning = "";
      for await (const part of stream.fullStream) if (part.type === "reasoning-delta") reasoning += part.text;
      assert.ok(await stream.text);
      if (client !== "openai chat") assert.match(reasoning, /hide acorns/); // OpenAI's own chat API shows no reasoning, so its client looks for none
    });

    test(`${label}: pictures and documents`, async () => {
      const image = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");
      const content = [{ type: "text", text: "What is this?" }, { type: "image", image }];
      if (client !== "openai compatible") content.push({ type: "file", data: Buffer.from("%PDF-1.4\n"), mediaType: "application/pdf", filename: "a.pdf" });
      const { text } = await generateText({ model, messages: [{ role: "user", content }], maxRetries: 0 });
      assert.match(text, /What is this/);
    });
  }
}

test("errors are the SDK's own", async () => {
  for (const modelOf of Object.values(clients)) {
    await assert.rejects(generateText({ model: modelOf("no-such-model"), prompt: "x", maxRetries: 0 }), (e) => e.name === "AI_APICallError" && e.statusCode === 404 && /no-such-model/.test(e.message));
  }
});
