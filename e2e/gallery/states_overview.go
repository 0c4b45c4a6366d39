package main

// overviewStates are the start page and the statistics.
var overviewStates = []state{
	{name: "overview", path: "/admin", zh: true},
	{name: "overview-7d", path: "/admin?range=7d"},
	{name: "overview-30d", path: "/admin?range=30d"},
	{name: "overview-new", path: "/admin", empty: true, zh: true},
}

var usageStates = []state{
	{name: "usage", path: "/admin/usage?range=7d", zh: true},
	{name: "usage-tokens", path: "/admin/usage?range=7d&metric=tokens"},
	{name: "usage-requests", path: "/admin/usage?range=7d&metric=requests"},
	{name: "usage-latency", path: "/admin/usage?range=7d&metric=latency"},
	{name: "usage-errors", path: "/admin/usage?range=7d&metric=errors"},
	{name: "usage-compared", path: "/admin/usage?range=7d&compare=previous&group_by=provider", zh: true},
	{name: "usage-by-key", path: "/admin/usage?range=30d&group_by=api_key&compare=week"},
	{name: "usage-explore", path: "/admin/usage?metric=explore&figure=tokens"},
	{name: "usage-explore-latency", path: "/admin/usage?metric=explore&figure=latency&group_by=provider&compare=previous"},
	{name: "usage-by-user", path: "/admin/usage?range=24h&group_by=user"},
	{name: "usage-by-client", path: "/admin/usage?range=24h&group_by=client&metric=latency"},
	{name: "usage-filtered", path: "/admin/usage?range=7d&requested_model=smart&provider_id=3"},
	{name: "usage-hour", path: "/admin/usage?range=1h"},
	{name: "usage-export-open", path: "/admin/usage?range=7d", window: true, steps: steps(click(`[data-testid=usage-export]`))},
	{name: "usage-table-open", path: "/admin/usage?range=7d&metric=tokens", steps: steps(unfold(`.chart details`))},
	{name: "usage-invalid", path: "/admin/usage?range=yesterday&provider_id=x"},
	{name: "usage-empty", path: "/admin/usage", empty: true},
}
