import Hummingbird

/// Whether the process is alive, whether it can do its work, and figures.
struct HealthRoutes: Sendable {
    /// The answer to who asks for health or readiness.
    struct Status: ResponseEncodable {
        let status: String
        /// Why it is not ready.
        var reasons: [String]?
    }

    let sources: AdminApplication.Sources

    func add(to router: Router<BasicRequestContext>) {
        router.get("/health") { _, _ in Status(status: "alive") }
        router.get("/ready") { _, _ in await readiness() }
        router.get("/metrics") { _, _ in await metrics() }
    }

    private func readiness() async -> EditedResponse<Status> {
        let reasons = await sources.reasons()
        guard !reasons.isEmpty else {
            return EditedResponse(status: .ok, response: Status(status: "ready", reasons: []))
        }
        return EditedResponse(
            status: .serviceUnavailable, headers: [.retryAfter: "1"],
            response: Status(status: "not ready", reasons: reasons))
    }

    private func metrics() async -> Response {
        let page = await sources.metrics()
        return Response(
            status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: page)))
    }
}
