import Hummingbird
import Multipart
import UploadCore

/// The four handlers: decode, call the use case, encode. No rule of the service is decided here.
struct BlockAPI: Sendable {
    let service: UploadService
    let urls: TaskURLs
    /// The largest JSON body in bytes.
    let maxRequestBody: Int

    func addRoutes(to router: Router<UploadRequestContext>) {
        router.post("\(Route.newTask.path)", use: newTask)
        router.post("\(Route.block.path)", use: block)
        router.post("\(Route.state.path)", use: state)
        router.get("\(Route.blocksInfo.path)", use: blocksInfo)
    }

    @Sendable private func newTask(_ request: Request, _ context: UploadRequestContext) async throws -> Response {
        let body = try RegistrationBody(await jsonBody(of: request))
        let task = try await service.register(token: try body.token()) { (identity) throws(UploadError) in
            try body.registration(for: identity)
        }
        return Answers.registered(task, key: service.key(for: task.id), urls: urls)
    }

    @Sendable private func block(_ request: Request, _ context: UploadRequestContext) async throws -> Response {
        let address = try TaskAddress(query: request.uri)
        do {
            let boundary = try MultipartBoundary.parse(contentType: request.headers[.contentType])
            let parts = BlockParts(
                MultipartSequence(IncomingBody(request.body, cutShort: .interrupted), boundary: boundary))
            return Answers.stored(try await service.receive(address, parts: parts))
        } catch let error as MultipartError {
            throw UploadError(translating: error)
        }
    }

    @Sendable private func state(_ request: Request, _ context: UploadRequestContext) async throws -> Response {
        let body = try StateBody(await jsonBody(of: request))
        _ = try await service.changeState(TaskAddress(id: body.taskID, query: request.uri), body.request)
        return Answers.stateChanged()
    }

    @Sendable private func blocksInfo(_ request: Request, _ context: UploadRequestContext) async throws -> Response {
        Answers.progress(try await service.progress(of: TaskAddress(query: request.uri)))
    }

    private func jsonBody(of request: Request) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await chunk in IncomingBody(request.body, cutShort: .invalid("body", "ended too soon")) {
            guard bytes.count + chunk.readableBytes <= maxRequestBody else {
                throw UploadError(.tooLarge, "body is larger than the limit of \(maxRequestBody) bytes")
            }
            bytes.append(contentsOf: chunk.readableBytesView)
        }
        return bytes
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
