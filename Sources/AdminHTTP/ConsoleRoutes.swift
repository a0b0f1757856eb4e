import Hummingbird

/// `/`: the page that an operator looks at, and what it is made of. All of it is embedded in the program. It holds nothing
/// of the server's: it asks for that as any other caller does.
struct ConsoleRoutes: Sendable {
    /// A file of the page.
    private struct File {
        let name: String
        let type: String
        let bytes: [UInt8]

        static func script(_ name: String, _ bytes: [UInt8]) -> File {
            File(name: name, type: "text/javascript; charset=utf-8", bytes: bytes)
        }

        static func style(_ name: String, _ bytes: [UInt8]) -> File {
            File(name: name, type: "text/css; charset=utf-8", bytes: bytes)
        }
    }

    private static let page = File(
        name: "console.html", type: "text/html; charset=utf-8", bytes: PackageResources.console_html)

    /// What the page loads from below `/console/`.
    private static let parts: [File] = [
        File(name: "console.svg", type: "image/svg+xml", bytes: PackageResources.console_svg),
        .style("theme.css", PackageResources.theme_css), .style("frame.css", PackageResources.frame_css),
        .style("lists.css", PackageResources.lists_css), .style("task.css", PackageResources.task_css),
        .style("narrow.css", PackageResources.narrow_css),
        .script("console.js", PackageResources.console_js), .script("route.js", PackageResources.route_js),
        .script("session.js", PackageResources.session_js), .script("gate.js", PackageResources.gate_js),
        .script("api.js", PackageResources.api_js), .script("failures.js", PackageResources.failures_js),
        .script("events.js", PackageResources.events_js), .script("link.js", PackageResources.link_js),
        .script("live.js", PackageResources.live_js), .script("pace.js", PackageResources.pace_js),
        .script("banner.js", PackageResources.banner_js), .script("strip.js", PackageResources.strip_js),
        .script("refresh.js", PackageResources.refresh_js), .script("tasks.js", PackageResources.tasks_js),
        .script("row.js", PackageResources.row_js), .script("task.js", PackageResources.task_js),
        .script("steering.js", PackageResources.steering_js), .script("gaps.js", PackageResources.gaps_js),
        .script("timeline.js", PackageResources.timeline_js), .script("map.js", PackageResources.map_js),
        .script("callbacks.js", PackageResources.callbacks_js), .script("callback.js", PackageResources.callback_js),
        .script("replay.js", PackageResources.replay_js), .script("charts.js", PackageResources.charts_js),
        .script("chart.js", PackageResources.chart_js), .script("scale.js", PackageResources.scale_js),
        .script("summary.js", PackageResources.summary_js), .script("sure.js", PackageResources.sure_js),
        .script("announce.js", PackageResources.announce_js), .script("dom.js", PackageResources.dom_js),
        .script("text.js", PackageResources.text_js), .script("time.js", PackageResources.time_js),
        .script("states.js", PackageResources.states_js),
    ]

    /// The paths that are answered. Who may read them may read what the program's source says.
    static let paths = Set(["/"] + parts.map { "/console/\($0.name)" })

    private static let headers: HTTPFields = {
        let named: HTTPFields = [
            .contentSecurityPolicy: [
                "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'",
                "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'",
            ].joined(separator: "; "),
            .xContentTypeOptions: "nosniff",
        ]
        // The library has no names for these.
        return [
            ("Referrer-Policy", "no-referrer"), ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
        ].reduce(into: named) { fields, field in
            if let name = HTTPFields.Element.Name(field.0) { fields[name] = field.1 }
        }
    }()

    /// Answers each of ``paths``.
    func add(to router: Router<BasicRequestContext>) {
        router.get("/") { _, _ in Self.answer(Self.page) }
        for part in Self.parts {
            router.get("/console/\(part.name)") { _, _ in Self.answer(part) }
        }
    }

    private static func answer(_ file: File) -> Response {
        var headers = headers
        headers[.contentType] = file.type
        return Response(
            status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: file.bytes)))
    }
}
