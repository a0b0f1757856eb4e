import Hummingbird
import UploadCore

/// Tasks: the list, one of them, and what can be done to it.
struct TaskRoutes: Sendable {
    private struct One: Encodable {
        let task: TaskRecord
    }

    private struct Note: Decodable {
        static let limit = 200

        var reason: String?
    }

    private static let parameters: Set<String> = [
        "state", "businessServer", "user", "file", "search", "sort", "order", "limit", "offset",
    ]
    private static let states = TaskState.allCases.map(\.rawValue) + ["open", "closed", "all"]

    let desk: AdminDesk

    func add(to router: some RouterMethods<BasicRequestContext>) {
        router.get("tasks") { request, _ in try await list(request) }
        router.get("tasks/:id") { _, context in try await report(context.taskID()) }
        for (path, wish) in [("pause", StateRequest.pause), ("resume", .upload), ("cancel", .cancel)] {
            router.post("tasks/:id/\(path)") { request, context in
                try await change(context.taskID(), wish, try await note(request, context))
            }
        }
    }

    private func list(_ request: Request) async throws -> Response {
        let parameters = try Parameters(request, known: Self.parameters)
        var query = TaskQuery()
        query.states = try parameters.word("state", default: query.states, Self.states) { TaskQuery.states($0) }
        query.businessServer = parameters.text("businessServer")
        query.user = parameters.text("user")
        query.file = parameters.text("file")
        query.search = parameters.text("search")
        query.sort = try parameters.word("sort", default: query.sort, TaskQuery.Sort.allCases.map(\.rawValue)) {
            TaskQuery.Sort(rawValue: $0)
        }
        query.isDescending = try parameters.word("order", default: true, ["desc", "asc"]) {
            ["desc": true, "asc": false][$0]
        }
        query.limit = try parameters.number("limit", in: 1...1000, default: query.limit)
        query.offset = try parameters.number("offset", in: 0...1_000_000_000, default: 0)
        return try .json(try await desk.queries.tasks(query))
    }

    private func report(_ id: TaskID) async throws -> Response {
        guard let report = try await desk.queries.report(of: id) else { throw UploadError.noSuchTask }
        return try .json(report)
    }

    private func note(_ request: Request, _ context: BasicRequestContext) async throws -> String {
        let reason = try await request.decode(as: Note.self, context: context).reason ?? ""
        guard reason.count <= Note.limit, !reason.contains(where: \.isNewline) else {
            throw Parameters.refusal("reason", "has to be one line of at most \(Note.limit) characters")
        }
        return reason
    }

    private func change(_ id: TaskID, _ wish: StateRequest, _ note: String) async throws -> Response {
        try await desk.operations.change(id, wish, note: note)
        guard let report = try await desk.queries.report(of: id) else { throw UploadError.noSuchTask }
        return try .json(One(task: report.task))
    }
}
