// Sends the requests in the file named by the first argument, one JSON object a line, through the official Node SDKs and their
// stream helpers, and says what was not understood. The gateway is the one named by SQUIRREL_URL and SQUIRREL_KEY.
import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import OpenAI from "openai";
import Anthropic from "@anthropic-ai/sdk";

const url = process.env.SQUIRREL_URL;
const key = process.env.SQUIRREL_KEY;
const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 });
const anthropic = new Anthropic({ baseURL: url, apiKey: key, maxRetries: 0 });
const fail = (message) => { throw new Error(message); };

const ask = {
  async chat(body, stream, n) {
    let answer;
    if (!stream) answer = await openai.chat.completions.create(body);
    else if (n % 4 === 0) answer = await joinChunks(await openai.chat.completions.create({ ...body, stream: true, stream_options: { include_usage: true } }));
    else answer = await openai.chat.completions.stream({ ...body, stream_options: { include_usage: true } }).finalChatCompletion();
    const { message, finish_reason } = answer.choices[0];
    const calls = (message.tool_calls ?? []).map((c) => ({ name: c.function.name, input: c.function.arguments }));
    return { text: (message.content ?? "") + (message.refusal ?? ""), stop: finish_reason, calls, output: answer.usage?.completion_tokens };
  },

  async messages(body, stream, n) {
    let answer;
    if (!stream) answer = await anthropic.messages.create(body);
    else if (n % 4 === 0) answer = await anthropic.beta.messages.stream(body).finalMessage();
    else answer = await anthropic.messages.stream(body).finalMessage();
    const text = answer.content.filter((b) => b.type === "text").map((b) => b.text).join("");
    const calls = answer.content.filter((b) => b.type === "tool_use").map((b) => ({ name: b.name, input: JSON.stringify(b.input) }));
    for (const b of answer.content) if (b.type === "tool_use" && (typeof b.input !== "object" || b.input === null)) fail(`input ${b.input}`);
    return { text, stop: answer.stop_reason, calls, output: answer.usage.output_tokens };
  },

  async responses(body, stream) {
    const answer = stream ? await openai.responses.stream(body).finalResponse() : await openai.responses.create(body);
    let text = "";
    const calls = [];
    for (const item of answer.output) {
      if (item.type === "message") for (const part of item.content) text += part.text ?? part.refusal;
      if (item.type === "function_call") calls.push({ name: item.name, input: item.arguments });
      if (item.type === "custom_tool_call") calls.push({ name: item.name, input: item.input, free: true });
    }
    return { text, stop: answer.status, calls, output: answer.usage?.output_tokens };
  },
};

// joinChunks puts a stream together as a client without the helper does.
async function joinChunks(stream) {
  const message = { content: "", refusal: "", tool_calls: [] };
  let finish_reason, usage;
  for await (const chunk of stream) {
    usage = chunk.usage ?? usage;
    const choice = chunk.choices[0];
    if (!choice) continue;
    message.content += choice.delta.content ?? "";
    message.refusal += choice.delta.refusal ?? "";
    for (const c of choice.delta.tool_calls ?? []) {
      const call = (message.tool_calls[c.index] ??= { function: { name: "", arguments: "" } });
      call.function.name += c.function.name ?? "";
      call.function.arguments += c.function.arguments ?? "";
    }
    finish_reason = choice.finish_reason ?? finish_reason;
  }
  return { choices: [{ message, finish_reason }], usage };
}

function check(job, heard) {
  for (const c of heard.calls) {
    if (!c.free) JSON.parse(c.input);
    if (!job.recorded && !job.tools.includes(c.name)) fail(`a call of ${c.name}, which the client does not know`);
  }
  if (job.recorded) return;
  if (job.client !== "responses" && ["tool_calls", "tool_use"].includes(heard.stop) !== heard.calls.length > 0) fail(`stopped for ${heard.stop} with ${heard.calls.length} calls`);
  if (!heard.text && !heard.calls.length && !["length", "max_tokens", "incomplete", "stop_sequence"].includes(heard.stop) && !job.body.stop) fail("an empty answer");
  if (!heard.output) fail("no usage");
}

// mustThrow wants an error that the SDK made out of ours, not one of reading it.
async function mustThrow(job) {
  try {
    const { stop } = await ask[job.client](job.body, job.stream, job.n);
    if (stop === "failed") return; // how a stream of the Responses API tells it
  } catch (e) {
    if (e.type === "error") return; // an error event of that API, which the helper throws as it is
    if (e instanceof OpenAI.APIError || e instanceof Anthropic.APIError || e instanceof OpenAI.OpenAIError || e instanceof Anthropic.AnthropicError) return;
    throw e;
  }
  fail("no error was seen");
}

async function run(job) {
  if (job.expect === "error") return mustThrow(job);
  const heard = await ask[job.client](job.body, job.stream, job.n);
  check(job, heard);
  if (!job.twice) return;
  const other = await ask[job.client](job.body, !job.stream, job.n);
  if (!isDeepStrictEqual({ ...heard, output: 0 }, { ...other, output: 0 })) fail(`stream ${job.stream}: ${JSON.stringify(heard)}, the other way ${JSON.stringify(other)}`);
}

const jobs = readFileSync(process.argv[2], "utf8").trim().split("\n").map((line) => JSON.parse(line));
let next = 0;
let good = 0;
async function work() {
  while (next < jobs.length) {
    const job = jobs[next++];
    try {
      await run(job);
      good++;
    } catch (e) {
      process.exitCode = 1;
      console.log(`request ${job.n}, ${job.client} over ${job.model}, stream ${job.stream}: ${e.stack}\n${JSON.stringify(job.body).slice(0, 1500)}`);
    }
  }
}
await Promise.all(Array.from({ length: 6 }, work));
console.log(`${good} answered as expected`);
