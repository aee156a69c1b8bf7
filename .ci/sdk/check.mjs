// The official TwelveLabs SDK against a started gateway: node check.mjs BASE_URL TOKEN RUNNING_ID COMPLETED_ID
import assert from "node:assert/strict";
import test from "node:test";
import { TwelveLabs, TwelvelabsApi } from "twelvelabs-js";

const [baseUrl, token, runningId, completedId] = process.argv.slice(2);
process.env.TWELVELABS_BASE_URL = baseUrl; // how this SDK takes its base address
const client = new TwelveLabs({ apiKey: token });
const batches = client.analyzeAsync.batches;
const noRetries = { maxRetries: 0, timeoutInSeconds: 20 };

test("cancel answers the batch object", async () => {
  const batch = await batches.cancel(runningId, noRetries);
  assert.equal(batch.batchId, runningId);
  assert.equal(batch.status, "canceling");
  assert.equal(batch.canceledItems, 70);
  assert.ok(batch.createdAt instanceof Date);
});

test("retrieve answers the batch object", async () => {
  const batch = await batches.retrieve(runningId, noRetries);
  assert.equal(batch.batchId, runningId);
  assert.ok(["canceling", "canceled"].includes(batch.status));
});

test("list answers pages of batch objects", async () => {
  const all = [];
  for await (const batch of await batches.list({ pageLimit: 2 }, noRetries)) {
    all.push(batch.batchId);
  }
  assert.ok(all.includes(runningId));
  assert.ok(all.includes(completedId));

  const page = await batches.list({ status: ["completed", "expired"], analysisMode: ["general"] }, noRetries);
  assert.ok(page.data.some((batch) => batch.batchId === completedId));
  assert.ok(page.data.every((batch) => batch.status === "completed"));
});

test("a list that the upstream rejects is the SDK's BadRequestError", async () => {
  await assert.rejects(batches.list({ pageLimit: 51 }, noRetries), (error) => {
    assert.ok(error instanceof TwelvelabsApi.BadRequestError);
    assert.equal(error.body.error.code, "parameter_invalid");
    return true;
  });
});

test("an unknown batch is the SDK's NotFoundError", async () => {
  for (const call of [batches.cancel, batches.retrieve]) {
    await assert.rejects(call.call(batches, "0".repeat(24), noRetries), (error) => {
      assert.ok(error instanceof TwelvelabsApi.NotFoundError);
      assert.equal(error.body.error.code, "resource_not_exist");
      return true;
    });
  }
});

test("a completed batch is the SDK's ConflictError", async () => {
  await assert.rejects(batches.cancel(completedId, noRetries), (error) => {
    assert.ok(error instanceof TwelvelabsApi.ConflictError);
    assert.equal(error.statusCode, 409);
    assert.equal(error.body.error.code, "batch_completed");
    return true;
  });
});

test("a wrong token is a 401 that the SDK reads", async () => {
  const stranger = new TwelveLabs({ apiKey: "nobody" });
  await assert.rejects(stranger.analyzeAsync.batches.cancel(runningId, noRetries), (error) => {
    assert.equal(error.statusCode, 401);
    assert.equal(error.body.error.code, "unauthorized");
    return true;
  });
});
