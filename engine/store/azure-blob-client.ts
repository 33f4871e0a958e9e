import { ContainerClient, newPipeline, RestError } from "@azure/storage-blob";
import { BackupError } from "../foundation/errors.ts";
import type { TokenSource } from "./access-token.ts";
import type { ContainerAddress } from "./container-address.ts";
import { failureOfAnswer, ServiceFailure } from "./service-failure.ts";

/** Azure's client with its own retries off: when to try again is decided in service-calls.ts alone. */
export function containerClient(address: ContainerAddress, credential: TokenSource | undefined): ContainerClient {
  const pipeline = newPipeline(credential, { retryOptions: { maxTries: 1 } });
  const url = credential === undefined && address.sas !== undefined ? `${address.url}?${address.sas}` : address.url;
  return new ContainerClient(url, pipeline);
}

/**
 * Runs one request of the SDK and throws a ServiceFailure for what the service or network refuses. The SDK's own
 * error is not kept as a cause: it holds the request, and with it the SAS.
 */
export async function asked<Result>(send: () => Promise<Result>): Promise<Result> {
  try {
    return await send();
  } catch (error) {
    throw failureOf(error);
  }
}

function failureOf(error: unknown): unknown {
  if (error instanceof BackupError || !(error instanceof Error)) return error;
  if (error.name === "AbortError") return new ServiceFailure({ status: undefined, serviceCode: "aborted" });
  if (!(error instanceof RestError)) return error;
  const { response, statusCode, code } = error;
  if (code === RestError.PARSE_ERROR)
    return new ServiceFailure({ status: undefined, serviceCode: "unreadable answer" });
  if (response === undefined || statusCode === undefined) {
    return new ServiceFailure({ status: undefined, serviceCode: code ?? "no answer" });
  }
  return failureOfAnswer(statusCode, (name) => response.headers.get(name), code);
}
