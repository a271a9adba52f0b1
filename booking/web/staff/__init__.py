"""The pages of those who work at the clinics, behind a sign-in."""

from __future__ import annotations

from booking.web.language import blueprint
from booking.web.staff import (
    absences,
    account,
    answers,
    appointment,
    calendar,
    caller,
    caller_check,
    caller_times,
    calls,
    contact,
    desk,
    doors,
    fees,
    handover,
    hours,
    load,
    log,
    make_up,
    more,
    moves,
    outcomes,
    paper,
    patients,
    replan,
    schedule,
    status,
    today,
    waiting,
    walk_in,
    words,
)

PATIENT = "/staff/patients/<int(max=999999999):id>"
COURSE = "/staff/courses/<int(max=999999999):id>"
APPOINTMENT = "/staff/appointments/<int(max=999999999):id>"
CLINICIAN = "/staff/clinicians/<int(max=999999999):id>"
CLINIC = "/staff/clinics/<int(max=999999999):id>"
DISRUPTION = "/staff/replan/<int(max=999999999):id>"
TOUCHED = "/staff/replan/<int(max=999999999):id>/<int(max=999999999):row>"
"""PostgreSQL refuses to look for a number that its column could not hold."""

staff = blueprint("staff", __name__)
staff.context_processor(desk.frame)
staff.context_processor(words.spoken)
staff.context_processor(status.partial)

staff.add_url_rule("/staff", "start", desk.start)
staff.add_url_rule("/staff/sign-in", "sign_in", doors.sign_in, methods=["GET", "POST"])
staff.add_url_rule("/staff/sign-in/second", "second", doors.second, methods=["GET", "POST"])
staff.add_url_rule("/staff/sign-in/passkey", "show_passkey", doors.show_passkey, methods=["GET", "POST"])
staff.add_url_rule("/staff/sign-in/passkey/ask", "ask_passkey", doors.ask_passkey, methods=["POST"])
staff.add_url_rule("/staff/password", "forgotten", doors.forgotten, methods=["GET", "POST"])
staff.add_url_rule("/staff/password/sent", "reset_sent", doors.reset_sent)
staff.add_url_rule("/staff/password/<token>", "reset", doors.reset, methods=["GET", "POST"])
staff.add_url_rule("/staff/sign-out", "sign_out", doors.sign_out, methods=["POST"])
staff.add_url_rule("/staff/account", "account", account.account, methods=["GET", "POST"])
staff.add_url_rule("/staff/account/confirm", "confirm", account.confirm, methods=["GET", "POST"])
staff.add_url_rule("/staff/account/password", "password", account.password, methods=["GET", "POST"])
staff.add_url_rule("/staff/account/factors", "factors", account.factors)
staff.add_url_rule("/staff/account/factors/codes", "codes", account.codes, methods=["GET", "POST"])
staff.add_url_rule("/staff/account/factors/passkey", "add_passkey", account.add_passkey, methods=["POST"])
staff.add_url_rule("/staff/account/factors/passkey/ask", "ask_new_passkey", account.ask_new_passkey, methods=["POST"])
staff.add_url_rule("/staff/account/factors/remove", "remove_factor", account.remove_factor, methods=["POST"])
staff.add_url_rule("/staff/account/recovery", "recovery", account.recovery, methods=["POST"])
staff.add_url_rule("/staff/account/sign-out", "end_one", account.end_one, methods=["POST"])
staff.add_url_rule("/staff/account/sign-out-elsewhere", "end_others", account.end_others, methods=["POST"])

staff.add_url_rule("/staff/patients", "patients", patients.patients, methods=["GET", "POST"])
staff.add_url_rule(PATIENT, "patient", patients.patient)
staff.add_url_rule(f"{PATIENT}/notes", "write_note", patients.write_note, methods=["POST"])
staff.add_url_rule(f"{PATIENT}/notes/remove", "drop_note", patients.drop_note, methods=["POST"])
staff.add_url_rule(f"{COURSE}/contact", "contact", contact.contact, methods=["GET", "POST"])

staff.add_url_rule(f"{CLINICIAN}/week", "week", schedule.week)
staff.add_url_rule(f"{CLINICIAN}/day", "her_day", schedule.her_day)
staff.add_url_rule(f"{CLINICIAN}/state", "clinician_state", schedule.clinician_state)
staff.add_url_rule(f"{CLINIC}/day", "day", schedule.day)
staff.add_url_rule(f"{CLINIC}/rooms/<int(max=999999999):room>/week", "room", schedule.room)
staff.add_url_rule(f"{CLINIC}/state", "clinic_state", schedule.clinic_state)
staff.add_url_rule(APPOINTMENT, "appointment", appointment.appointment)

staff.add_url_rule("/staff/today", "today_here", today.today_here)
staff.add_url_rule(f"{CLINIC}/today", "today", today.today)
staff.add_url_rule(f"{APPOINTMENT}/status", "set_status", status.set_status, methods=["POST"])
staff.add_url_rule(f"{APPOINTMENT}/cancel", "cancel", status.cancel, methods=["GET", "POST"])
staff.add_url_rule(f"{COURSE}/undo", "undo_change", status.undo_change, methods=["POST"])
staff.add_url_rule(f"{COURSE}/make-up", "make_up", make_up.make_up, methods=["GET", "POST"])
staff.add_url_rule(f"{COURSE}/clinician", "other_clinician", handover.other_clinician, methods=["GET", "POST"])
staff.add_url_rule("/staff/load", "load", load.load)
staff.add_url_rule("/staff/fees/<int(max=999999999):id>/waive", "waive_fee", status.waive_fee, methods=["GET", "POST"])
staff.add_url_rule(f"{APPOINTMENT}/move", "move", moves.move, methods=["GET", "POST"])
staff.add_url_rule(f"{APPOINTMENT}/undo", "undo_move", moves.undo_move, methods=["POST"])

staff.add_url_rule("/staff/log", "log", log.log)
staff.add_url_rule(f"{PATIENT}/log", "patient_log", log.patient_log)

staff.add_url_rule("/staff/calls", "calls", calls.calls)
staff.add_url_rule("/staff/tasks/<int(max=999999999):task>/done", "settle", calls.settle, methods=["POST"])
staff.add_url_rule("/staff/tasks/<int(max=999999999):task>/reopen", "reopen", calls.reopen, methods=["POST"])
staff.add_url_rule(f"{COURSE}/confirm", "confirm_course", calls.confirm_course, methods=["POST"])
staff.add_url_rule(f"{COURSE}/release", "release_course", calls.release_course, methods=["POST"])
staff.add_url_rule(f"{COURSE}/calls", "add_call", calls.add_call, methods=["POST"])

staff.add_url_rule(f"{COURSE}/answers", "answers", answers.answers)
staff.add_url_rule(f"{COURSE}/answers/read", "read_answers", answers.read_answers, methods=["POST"])

CALL = "/staff/book/<string(maxlength=40):call>"

staff.add_url_rule("/staff/book", "book", caller.book, methods=["GET", "POST"])
staff.add_url_rule(f"{CALL}/who", "who_calls", caller.who_calls, methods=["GET", "POST"])
staff.add_url_rule(f"{CALL}/plan", "caller_plan", caller_times.plan)
staff.add_url_rule(f"{CALL}/times", "caller_times", caller_times.times)
staff.add_url_rule(f"{CALL}/days", "caller_days", caller_times.days)
staff.add_url_rule(f"{CALL}/choose", "caller_choose", caller_times.choose, methods=["POST"])
staff.add_url_rule(f"{CALL}/check", "caller_check", caller_check.check, methods=["GET", "POST"])
staff.add_url_rule(f"{CALL}/lost", "caller_lost", caller_check.lost, methods=["GET", "POST"])
staff.add_url_rule(f"{CALL}/drop", "caller_drop", caller_check.drop, methods=["POST"])
staff.add_url_rule(f"{CALL}/done", "caller_done", caller_check.done)
staff.add_url_rule("/staff/walk-in", "walk_in", walk_in.begin_now, methods=["GET", "POST"])
staff.add_url_rule(f"{COURSE}/sheet", "sheet", paper.sheet)
staff.add_url_rule(f"{COURSE}/letter", "letter", paper.letter, methods=["GET", "POST"])

staff.add_url_rule("/staff/more", "more", more.more)
staff.add_url_rule("/staff/outcomes", "outcomes", outcomes.outcomes)
staff.add_url_rule("/staff/fees", "fees", fees.fees)
staff.add_url_rule("/staff/fees/charged", "charge_fees", fees.charge_fees, methods=["POST"])
staff.add_url_rule("/staff/fees/<int(max=999999999):fee>/owe", "owe_again", fees.owe_again, methods=["POST"])
staff.add_url_rule("/staff/waiting", "waiting", waiting.waiting)
staff.add_url_rule("/staff/waiting/<int(max=999999999):waiter>/end", "end_wait", waiting.end_wait, methods=["POST"])

staff.add_url_rule(f"{APPOINTMENT}/wait", "wait", waiting.wait, methods=["GET", "POST"])
staff.add_url_rule(f"{COURSE}/wait", "wait_missing", waiting.wait_missing, methods=["GET", "POST"])
staff.add_url_rule(f"{COURSE}/offer", "answer_offer", waiting.answer_offer, methods=["POST"])

staff.add_url_rule("/staff/replan", "replan", replan.board)
staff.add_url_rule(DISRUPTION, "disruption", replan.disruption)
staff.add_url_rule(f"{DISRUPTION}/propose", "propose", replan.propose_anew, methods=["POST"])
staff.add_url_rule(f"{DISRUPTION}/accept", "accept", replan.accept, methods=["POST"])
staff.add_url_rule(f"{TOUCHED}/place", "other_place", replan.other_place, methods=["GET", "POST"])
staff.add_url_rule(f"{TOUCHED}/answer", "answer_replan", replan.answer, methods=["POST"])
staff.add_url_rule(f"{CLINICIAN}/absences", "absences", absences.absences, methods=["GET", "POST"])
staff.add_url_rule(f"{CLINICIAN}/absences/remove", "remove_absence", absences.remove, methods=["POST"])
staff.add_url_rule(f"{CLINICIAN}/ill-today", "ill_today", absences.ill, methods=["POST"])

staff.add_url_rule("/staff/hours", "all_hours", hours.all_hours)
staff.add_url_rule(f"{CLINICIAN}/hours", "hours", hours.hours)
staff.add_url_rule(f"{CLINICIAN}/hours/<what>", "change_hours", hours.change_hours, methods=["GET", "POST"])
staff.add_url_rule(f"{CLINIC}/hours", "clinic_hours", hours.clinic_hours)
staff.add_url_rule(f"{CLINIC}/hours/<what>", "change_clinic_hours", hours.change_clinic_hours, methods=["GET", "POST"])

staff.add_url_rule("/staff/calendar", "calendar", calendar.calendar)
staff.add_url_rule("/staff/calendar/feed", "make_feed", calendar.make_feed, methods=["POST"])
staff.add_url_rule("/staff/calendar/feed/renew", "renew_address", calendar.renew_address, methods=["POST"])
staff.add_url_rule("/staff/calendar/feed/end", "end_feed", calendar.end_feed, methods=["POST"])
staff.add_url_rule("/staff/calendar/subscribe", "subscribe", calendar.subscribe, methods=["POST"])
staff.add_url_rule("/staff/calendar/upload", "upload", calendar.upload, methods=["POST"])
staff.add_url_rule("/staff/calendar/again", "ask_again", calendar.ask_again, methods=["POST"])
staff.add_url_rule("/staff/calendar/drop", "drop_calendar", calendar.drop, methods=["POST"])
