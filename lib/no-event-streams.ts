/**
 * Stands in for `@smithy/core/event-streams` when functions are bundled (`custom.esbuild.alias` in
 * serverless.yml). The SDK loads it for operations that stream events, none of which is DynamoDB's or
 * SSM's; its dynamic import makes esbuild keep all that it touches, half of a cold start's code.
 */
export {};
