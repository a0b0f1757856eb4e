import Hummingbird
import Multipart
import UploadCore

/// The handlers: decode, call the use case, encode. No rule of the service is decided here.
struct BlockAPI: Sendable {
    let service: UploadService
    let urls: TaskURLs
    /// The largest JSON body in bytes.
    let maxRequestBody: Int

    func addRoutes(to router: Router<UploadRequestContext>) {
        router.post("\(Route.newTask.path)") { try await $1.send(newTask($0, $1)) }
        router.post("\(Route.block.path)") { try await $1.send(block($0, $1)) }
        router.post("\(Route.state.path)") { try await $1.send(state($0, $1)) }
        router.get("\(Route.blocksInfo.path)") { try await $1.send(blocksInfo($0)) }
        router.get("\(Route.ready.path)") { await $1.send(Answers.readiness(service.readiness.reasons())) }
        router.get("\(Route.document.path)") { $1.send(Answers.document()) }
    }

    private func newTask(_ request: Request, _ context: UploadRequestContext) async throws -> Answer {
        try service.admitRegistration(from: context.client.address)
        let body = try RegistrationBody(await jsonBody(of: request, context))
        let task = try await service.register(token: try body.token()) { (identity) throws(UploadError) in
            try body.registration(for: identity)
        }
        let links = urls.links(of: task.id, key: try service.key(for: task), base: context.client.base)
        return Answers.registered(task, links: links)
    }

    private func block(_ request: Request, _ context: UploadRequestContext) async throws -> Answer {
        let address = try TaskAddress(query: request.uri)
        do {
            let boundary = try MultipartBoundary.parse(contentType: request.headers[.contentType])
            let parts = BlockParts(
                IncomingBody(request.body, on: context.connection, cutShort: .interrupted), boundary: boundary)
            return Answers.stored(
                try await service.receive(address, parts: parts, bodyLength: contentLength(of: request)))
        } catch let error as MultipartError {
            throw UploadError(translating: error)
        }
    }

    private func state(_ request: Request, _ context: UploadRequestContext) async throws -> Answer {
        let body = try StateBody(await jsonBody(of: request, context))
        _ = try await service.changeState(TaskAddress(id: body.taskID, query: request.uri), body.request)
        return Answers.stateChanged()
    }

    private func blocksInfo(_ request: Request) async throws -> Answer {
        Answers.progress(try await service.progress(of: TaskAddress(query: request.uri)))
    }

    private func jsonBody(of request: Request, _ context: UploadRequestContext) async throws -> [UInt8] {
        // Before the first byte is asked for.
        try checkSize(Int(contentLength(of: request) ?? 0))
        let body = IncomingBody(
            request.body, on: context.connection, cutShort: .invalid("body", "ended too soon"))
        var bytes: [UInt8] = []
        for try await chunk in body {
            try checkSize(bytes.count + chunk.readableBytes)
            bytes.append(contentsOf: chunk.readableBytesView)
        }
        return bytes
    }

    private func checkSize(_ size: Int) throws(UploadError) {
        guard size <= maxRequestBody else {
            throw UploadError(.tooLarge, "body is larger than the limit of \(maxRequestBody) bytes")
        }
    }

    /// The announced length of the body; `nil` when its end will tell.
    private func contentLength(of request: Request) -> Int64? {
        request.headers[.contentLength].flatMap { Int64($0) }
    }
}

extension UploadError {
    /// What is wrong with a multipart body.
    init(translating error: MultipartError) {
        switch error {
        case .truncated: self = .interrupted
        case .notMultipart, .missingBoundary, .invalidBoundary:
            self = .invalid("Content-Type", "can't be used. \(error)")
        default: self = .invalid("body", "is malformed. \(error)")
        }
    }
}
