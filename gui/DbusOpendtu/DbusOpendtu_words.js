// What the numbers of com.victronenergy.opendtu and of its devices' services mean, in the screen's language. A number that
// this version does not know is shown as it is.

function service(state) {
	switch (state) {
	case 0: return qsTrId("opendtu_starts")
	case 1: return qsTrId("opendtu_runs")
	case 2: return qsTrId("opendtu_runs_with_faults")
	case 3: return qsTrId("opendtu_file_refused")
	case 4: return qsTrId("opendtu_dry_run")
	}
	return number(state)
}

function gateway(state) {
	switch (state) {
	case 0: return qsTrId("opendtu_gateway_new")
	case 1: return qsTrId("opendtu_gateway_answers")
	case 2: return qsTrId("opendtu_gateway_fails")
	case 3: return qsTrId("opendtu_gateway_nobody")
	}
	return number(state)
}

function device(state) {
	switch (state) {
	case 0: return qsTrId("opendtu_starts")
	case 1: return qsTrId("opendtu_runs")
	case 2: return qsTrId("opendtu_standby")
	case 3: return qsTrId("opendtu_error")
	case 4: return qsTrId("opendtu_disabled")
	case 5: return qsTrId("opendtu_section_fault")
	case 6: return qsTrId("opendtu_published_elsewhere")
	}
	return number(state)
}

// /StatusCode of a PV inverter.
function status(code) {
	if (code >= 0 && code <= 6)
		return qsTrId("opendtu_starts")
	switch (code) {
	case 7: return qsTrId("opendtu_runs")
	case 8: return qsTrId("opendtu_standby")
	case 10: return qsTrId("opendtu_error")
	case 11: return qsTrId("opendtu_runs")
	case 12: return qsTrId("opendtu_throttled")
	}
	return number(code)
}

function source(pushed) {
	return pushed === 1 ? qsTrId("opendtu_pushed") : qsTrId("opendtu_polled")
}

function number(value) {
	return value === undefined ? "" : String(value)
}

function watts(value) {
	return value === undefined ? "" : Math.round(value) + " W"
}

function kilowattHours(value) {
	return value === undefined ? "" : Number(value).toFixed(2) + " kWh"
}

function milliseconds(value) {
	return value === undefined ? "" : Math.round(value) + " ms"
}

// Whole minutes, in seconds.
function age(value) {
	if (value === undefined)
		return ""
	return value < 60 ? qsTrId("opendtu_age_fresh") : Math.floor(value / 60) + " min"
}

// The ids of a list such as "DEFAULT,DTU1".
function ids(list) {
	return list ? list.split(",") : []
}

// What stands behind a device in the list. watts, kilowatt-hours and the limit mean nothing unless it runs.
function summary(state, power, today, limit) {
	if (state !== 1)
		return device(state)
	const parts = [watts(power), kilowattHours(today)]
	if (limit !== undefined)
		parts.push(qsTrId("opendtu_limit_of").arg(watts(limit)))
	return parts.filter(part => part !== "").join(", ") || device(state)
}

// What somebody typed as a limit, or NaN where it is none between these two.
function limit(typed, least, most) {
	const value = Number(String(typed).replace(",", ".").replace(/\s*W?\s*$/i, ""))
	return String(typed).trim() === "" || value < least || value > most ? NaN : value
}

// Addresses as they are asked for: without blanks and empty ones.
function addresses(typed) {
	return String(typed).split(/[\s,;]+/).filter(address => address !== "").join(",")
}
