{{- define "cancel-gateway.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Short enough for the longest suffix, "-management". */}}
{{- define "cancel-gateway.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" }}
{{- else }}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{- define "cancel-gateway.selectorLabels" -}}
app.kubernetes.io/name: {{ include "cancel-gateway.name" . }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: gateway
{{- end }}

{{- define "cancel-gateway.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "cancel-gateway.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "cancel-gateway.testLabels" -}}
app.kubernetes.io/name: {{ include "cancel-gateway.name" . }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: test
{{- end }}

{{- define "cancel-gateway.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "cancel-gateway.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "cancel-gateway.image" -}}
{{- if .Values.image.digest }}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) }}
{{- end }}
{{- end }}

{{- define "cancel-gateway.tenantsSecret" -}}
{{- if .Values.tenants.existingSecret }}
{{- .Values.tenants.existingSecret }}
{{- else if .Values.tenants.create }}
{{- include "cancel-gateway.fullname" . }}-tenants
{{- end }}
{{- end }}

{{- define "cancel-gateway.callersSecret" -}}
{{- if .Values.callers.existingSecret }}
{{- .Values.callers.existingSecret }}
{{- else if .Values.callers.create }}
{{- include "cancel-gateway.fullname" . }}-callers
{{- end }}
{{- end }}

{{- define "cancel-gateway.databaseSecret" -}}
{{- if .Values.database.existingSecret }}
{{- .Values.database.existingSecret }}
{{- else if .Values.database.create }}
{{- include "cancel-gateway.fullname" . }}-database
{{- end }}
{{- end }}

{{/* For a demo: caller → SHA-256 of its token. */}}
{{- define "cancel-gateway.tokenHashes" -}}
{{- range $caller, $token := .Values.callers.create }}
{{ $caller | quote }}: {{ $token | sha256sum | quote }}
{{- end }}
{{- end }}

{{- define "cancel-gateway.podAnnotations" -}}
checksum/config: {{ include "cancel-gateway.config" . | sha256sum | quote }}
{{- if and .Values.prometheus.scrapeAnnotations (not .Values.serviceMonitor.enabled) }}
prometheus.io/scrape: "true"
prometheus.io/port: "8081"
prometheus.io/path: /actuator/prometheus
{{- end }}
{{- end }}

{{/* What requests and, meanwhile, follow-ups may take at shutdown, in seconds. Requests take the deadline and a little,
follow-ups 18 s more than it: 6 s for their statements, 12 s for the scheduler's own. A caller's wait ends at once. */}}
{{- define "cancel-gateway.shutdownSeconds" -}}
{{- add (int .Values.gateway.deadlineSeconds) 20 }}
{{- end }}

{{- define "cancel-gateway.graceSeconds" -}}
{{- add (int .Values.shutdown.preStopSeconds) (include "cancel-gateway.shutdownSeconds" . | int) (int .Values.shutdown.marginSeconds) }}
{{- end }}

{{/* The ports of a PostgreSQL address with one host or several, as a JSON list. */}}
{{- define "cancel-gateway.databasePorts" -}}
{{- $ports := list }}
{{- range splitList "," (regexReplaceAll "^jdbc:postgresql:(//)?([^/?]*).*$" .Values.database.url "${2}") }}
{{- $ports = append $ports (regexFind ":[0-9]+$" . | trimPrefix ":" | default "5432" | int) }}
{{- end }}
{{- $ports | uniq | toJson }}
{{- end }}

{{/* The application.yaml that pods read: the chart's settings and those of .Values.config. */}}
{{- define "cancel-gateway.config" -}}
{{- $callers := dict }}
{{- range $name, $access := .Values.callers.access }}
{{- $_ := set $callers $name $access }}
{{- end }}
{{- $gateway := dict "upstream" (dict "deadline" (printf "%ds" (int .Values.gateway.deadlineSeconds))) "wait" (dict "max" (printf "%ds" (int .Values.gateway.waitMaxSeconds))) }}
{{- if $callers }}
{{- $_ := set $gateway "callers" $callers }}
{{- end }}
{{- $lifecycle := dict "timeout-per-shutdown-phase" (printf "%ss" (include "cancel-gateway.shutdownSeconds" .)) }}
{{- $own := dict "gateway" $gateway "spring" (dict "lifecycle" $lifecycle) }}
{{- mustMergeOverwrite $own (deepCopy .Values.config) | toYaml }}
{{- end }}

{{/* A setting's name as Spring Boot compares it: without case and hyphens. */}}
{{- define "cancel-gateway.relaxed" -}}
{{- lower . | replace "-" "" | replace "_" "" }}
{{- end }}

{{/* The dotted names of nested settings, one a line. */}}
{{- define "cancel-gateway.keys" -}}
{{- range $key, $value := .node }}
{{- $path := include "cancel-gateway.relaxed" (print $.prefix $key) }}
{{- if and $value (kindIs "map" $value) }}
{{- include "cancel-gateway.keys" (dict "prefix" (print $path ".") "node" $value) }}
{{- else }}
{{ $path }}
{{- end }}
{{- end }}
{{- end }}

{{/* Refuses values that each are right and together are not. */}}
{{- define "cancel-gateway.validate" -}}
{{- if not .Values.database.url }}
{{- if .Values.autoscaling.enabled }}
{{- fail "autoscaling.enabled needs database.url: without it the ledger is an H2 file, which one process at a time can open, so there can be one replica only. Give a PostgreSQL address (jdbc:postgresql://…) or switch autoscaling off." }}
{{- end }}
{{- if gt (int .Values.replicaCount) 1 }}
{{- fail "replicaCount above 1 needs database.url: without it the ledger is an H2 file, which one process at a time can open. Give a PostgreSQL address (jdbc:postgresql://…) or keep one replica." }}
{{- end }}
{{- if or .Values.database.existingSecret .Values.database.create }}
{{- fail "database.existingSecret and database.create need database.url: the H2 file has no user of its own." }}
{{- end }}
{{- else }}
{{- if regexMatch "[?&]password=" .Values.database.url }}
{{- fail "database.url must not have the password in it: it would stand in the Deployment for everyone to read. Use database.existingSecret." }}
{{- end }}
{{- if not (or (include "cancel-gateway.databaseSecret" .) (regexMatch "[?&]user=[^&]" .Values.database.url)) }}
{{- fail "database.url needs database.existingSecret (or, for a demo, database.create), or a user in the address where a certificate takes the password's place." }}
{{- end }}
{{- end }}
{{- $own := list "SPRING_CONFIG_ADDITIONALLOCATION" "SPRING_CONFIG_IMPORT" "GATEWAY_TENANTSDIR" "GATEWAY_CALLERSDIR" "SPRING_DATASOURCE_URL" }}
{{- $grace := list "GATEWAY_UPSTREAM_DEADLINE" "SPRING_LIFECYCLE_TIMEOUTPERSHUTDOWNPHASE" "DBSCHEDULER_SHUTDOWNMAXWAIT" }}
{{- range .Values.extraEnv }}
{{- if has .name $own }}
{{- fail (printf "extraEnv must not set %s: the chart itself does." .name) }}
{{- end }}
{{- if has .name $grace }}
{{- fail (printf "extraEnv must not set %s: the pod's grace would not follow. Use gateway.deadlineSeconds." .name) }}
{{- end }}
{{- end }}
{{- if gt (int .Values.autoscaling.minReplicas) (int .Values.autoscaling.maxReplicas) }}
{{- fail "autoscaling.minReplicas must not be above autoscaling.maxReplicas." }}
{{- end }}
{{- if .Values.prometheusRule.enabled }}
{{- if not .Values.serviceMonitor.enabled }}
{{- fail "prometheusRule.enabled needs serviceMonitor.enabled: its alerts watch the job that the ServiceMonitor makes, and would always say that it is missing." }}
{{- end }}
{{- if not .Values.prometheusRule.runbookUrl }}
{{- fail "prometheusRule.enabled needs prometheusRule.runbookUrl: the address where your people read docs/runbook.md. The alerts link to it, and no address is right for everybody." }}
{{- end }}
{{- end }}
{{- range $kind := list "tenants" "callers" "database" }}
{{- with index $.Values $kind }}
{{- if and .existingSecret .create }}
{{- fail (printf "%s.existingSecret and %s.create exclude each other: name a Secret that exists, or let the chart create one." $kind $kind) }}
{{- end }}
{{- end }}
{{- end }}
{{- range $name, $token := .Values.callers.create }}
{{- if not (hasKey $.Values.callers.access $name) }}
{{- fail (printf "callers.create.%s needs callers.access.%s: which tenants it serves." $name $name) }}
{{- end }}
{{- end }}
{{- range $name, $access := .Values.callers.access }}
{{- if not $access.subject }}
{{- if not (include "cancel-gateway.callersSecret" $) }}
{{- fail (printf "callers.access.%s needs callers.existingSecret (or, for a demo, callers.create), or a subject: a caller gets in by a token." $name) }}
{{- end }}
{{- if and $.Values.callers.create (not (hasKey $.Values.callers.create $name)) }}
{{- fail (printf "callers.access.%s needs a token in callers.create.%s, or a subject." $name $name) }}
{{- end }}
{{- end }}
{{- end }}
{{- $keys := include "cancel-gateway.keys" (dict "prefix" "" "node" .Values.config) | splitList "\n" }}
{{- range $path, $value := dict "spring.datasource.url" "database.url" "spring.datasource.username" "database.existingSecret" "spring.datasource.password" "database.existingSecret" "spring.lifecycle.timeout-per-shutdown-phase" "gateway.deadlineSeconds, from which it follows" "db-scheduler.shutdown-max-wait" "gateway.deadlineSeconds, from which it follows" "server.port" "service.port, which need not be the container's" "management.server" "nothing: the management port is fixed" "gateway.upstream.deadline" "gateway.deadlineSeconds" "gateway.wait.max" "gateway.waitMaxSeconds" "gateway.tenants" "tenants" "gateway.tenants-dir" "tenants" "gateway.callers-dir" "callers" }}
{{- $guarded := include "cancel-gateway.relaxed" $path }}
{{- range $keys }}
{{- if or (eq . $guarded) (hasPrefix (print $guarded ".") .) }}
{{- fail (printf "config must not set %s: the rest of the chart depends on it. Use %s." $path $value) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
