extension ServerProcess {
    /// GET of a path of the admin API.
    public func admin(_ path: String) async throws -> HTTPAnswer {
        try await HTTP.get(try await adminBase() + path)
    }

    /// POST to a path of the admin API, as its own programs send it.
    public func adminPost(_ path: String, _ body: String = "{}") async throws -> HTTPAnswer {
        try await HTTP.send(
            "POST", try await adminBase() + path,
            headers: ["Content-Type": "application/json", "X-Fupload-Admin": "1"], body: Array(body.utf8))
    }
}
