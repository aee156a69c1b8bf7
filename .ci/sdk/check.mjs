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
