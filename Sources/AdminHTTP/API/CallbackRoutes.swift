import Hummingbird
import UploadCore

/// Callbacks: the list, one of them, and sending them once more.
struct CallbackRoutes: Sendable {
    private struct Replay: Decodable {
        static let idLimit = 1000

        var ids: [Int64]?
        var since: String?
        var to: String?
        var state: String?
        var businessServer: String?

        func selection() throws -> ReplaySelection {
            if let ids {
                guard since == nil, to == nil, state == nil, businessServer == nil else {
                    throw Parameters.refusal("ids", "says all: leave since, to, state and businessServer out")
                }
                guard (1...Self.idLimit).contains(ids.count) else {
                    throw Parameters.refusal("ids", "has to be a list of 1 to \(Self.idLimit) numbers")
                }
                return .ids(ids)
            }
            guard let since else { throw Parameters.refusal("ids", "or since has to be there") }
            guard let states = ReplaySelection.states(state ?? "dead") else {
                throw Parameters.refusal(
                    "state", "has to be one of \(ReplaySelection.replayable.joined(separator: ", "))")
            }
            return .span(
                since: try Parameters.time("since", since), to: try to.map { try Parameters.time("to", $0) },
                states: states, businessServer: businessServer)
        }
    }

    private static let parameters: Set<String> = ["state", "businessServer", "since", "to", "limit", "offset"]
    private static let states = CallbackState.allCases.map(\.rawValue) + ["undelivered", "all"]

    let desk: AdminDesk

    func add(to router: some RouterMethods<BasicRequestContext>) {
        router.get("callbacks") { request, _ in try await list(request) }
        router.get("callbacks/:id") { _, context in try await report(context) }
        router.post("callbacks/replay") { request, context in
            let selection = try await request.decode(as: Replay.self, context: context).selection()
            return try Response.json(try await desk.operations.replay(selection))
        }
    }

    private func list(_ request: Request) async throws -> Response {
        let parameters = try Parameters(request, known: Self.parameters)
        var query = CallbackQuery()
        query.states = try parameters.word("state", default: query.states, Self.states) { CallbackQuery.states($0) }
        query.businessServer = parameters.text("businessServer")
        query.since = try parameters.time("since")
        query.to = try parameters.time("to")
        query.limit = try parameters.number("limit", in: 1...1000, default: query.limit)
        query.offset = try parameters.number("offset", in: 0...1_000_000_000, default: 0)
        return try .json(try await desk.queries.callbacks(query))
    }

    private func report(_ context: BasicRequestContext) async throws -> Response {
        guard let id = context.parameters.get("id").flatMap({ Int64($0) }) else {
            throw Parameters.refusal("id", "has to be a callback's number")
        }
        guard let report = try await desk.queries.callback(id) else {
            throw UploadError(.noSuchTask, "there is no callback \(id)")
        }
        return .json(try OperatorJSON.text(report))
    }
}
